import { type Signal, useSignal } from '@preact/signals';
import { api } from '../../api/request.ts';
import { DialogAction, FormDialog, Input } from '../../parts/index.ts';
import { goTo, linkTo } from '../../router.ts';
import { EVENT_TYPES, type EventType, type Webhook } from './answers.ts';
import { SecretDialog } from './secret.tsx';

/** The events that an app wants to know first. */
const USUAL: readonly EventType[] = ['email.delivered', 'email.bounced', 'email.complained', 'email.failed'];

/** The button that opens the form for a new endpoint, then shows its secret. */
export function CreateEndpoint() {
  const made = useSignal<{ id: string; signing_secret: string } | undefined>(undefined);
  return (
    <>
      <DialogAction label="Add endpoint" tone="primary">
        {(close) => (
          <EndpointForm
            title="Add an endpoint"
            submit="Add"
            events={USUAL}
            onClose={close}
            save={async (given) => {
              made.value = await api('POST', '/webhooks', given);
            }}
          />
        )}
      </DialogAction>
      {made.value && (
        <SecretDialog
          secret={made.value.signing_secret}
          onClose={() => {
            if (made.value) goTo(linkTo('webhooks', made.value.id));
          }}
        />
      )}
    </>
  );
}

/** The button that opens the form for the URL and the events of an endpoint. */
export function EditEndpoint({ webhook, onChange }: { webhook: Webhook; onChange: () => Promise<void> }) {
  return (
    <DialogAction label="Edit">
      {(close) => (
        <EndpointForm
          title="Edit the endpoint"
          submit="Save"
          endpoint={webhook.endpoint}
          events={webhook.events.length > 0 ? webhook.events : Object.values(EVENT_TYPES).flat()}
          onClose={close}
          save={async (given) => {
            await api('PATCH', `/webhooks/${webhook.id}`, given);
            await onChange();
          }}
        />
      )}
    </DialogAction>
  );
}

interface EndpointFormProps {
  readonly title: string;
  readonly submit: string;
  readonly endpoint?: string;
  readonly events: readonly EventType[];
  readonly save: (given: { endpoint: string; events: readonly EventType[] }) => Promise<void>;
  readonly onClose: () => void;
}

function EndpointForm({ title, submit, endpoint = '', events, save, onClose }: EndpointFormProps) {
  const url = useSignal(endpoint);
  const chosen = useSignal<readonly EventType[]>(events);
  return (
    <FormDialog
      title={title}
      submit={submit}
      onClose={onClose}
      onSubmit={() => save({ endpoint: url.value.trim(), events: chosen.value })}
    >
      <Input
        label="URL"
        type="url"
        value={url}
        required
        code
        autoFocus
        placeholder="https://shop.example/hooks/mail"
        hint="https on the public internet; on a laptop also http on loopback"
      />
      {Object.entries(EVENT_TYPES).map(([subject, types]) => (
        <EventChoice key={subject} subject={subject} types={types} chosen={chosen} />
      ))}
    </FormDialog>
  );
}

interface EventChoiceProps {
  readonly subject: string;
  readonly types: readonly EventType[];
  readonly chosen: Signal<readonly EventType[]>;
}

function EventChoice({ subject, types, chosen }: EventChoiceProps) {
  const toggle = (type: EventType) => {
    const isChosen = chosen.value.includes(type);
    chosen.value = isChosen ? chosen.value.filter((other) => other !== type) : [...chosen.value, type];
  };
  return (
    <fieldset class="choice">
      <legend>{subject}</legend>
      {types.map((type) => (
        <label key={type} class="check">
          <input type="checkbox" checked={chosen.value.includes(type)} onInput={() => toggle(type)} />
          {type.slice(subject.length + 1).replaceAll(/[._]/g, ' ')}
        </label>
      ))}
    </fieldset>
  );
}
