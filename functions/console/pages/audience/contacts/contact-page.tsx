import { usePoll } from '../../../api/poll.ts';
import { type ApiError, api } from '../../../api/request.ts';
import {
  Action,
  Answer,
  Badge,
  DialogAction,
  EmptyState,
  FormDialog,
  Id,
  Input,
  KeyValue,
  notify,
  Page,
  useFields,
  When,
} from '../../../parts/index.ts';
import { goToFromHere, linkTo } from '../../../router.ts';
import type { Contact } from '../answers.ts';
import { fullName } from './contact-columns.tsx';
import { type ChangeContact, ContactProperties } from './contact-properties.tsx';
import { ContactSegments } from './contact-segments.tsx';
import { ContactTopics } from './contact-topics.tsx';

const PARENT = { title: 'Contacts', href: linkTo('audience', 'contacts') };

/** One contact: names, consent, properties, segments, topics. */
export function OneContact({ id }: { id: string }) {
  const path = `/contacts/${encodeURIComponent(id)}`;
  const poll = usePoll<Contact>(path);
  const { data, refresh } = poll;
  const contact = data.value;
  if (!contact)
    return (
      <Page title="Contact" parent={PARENT}>
        <Answer poll={poll} missing={<EmptyState title="There is no contact with this id or address" />} />
      </Page>
    );
  const change = async (fields: Record<string, unknown>) => {
    await api('PATCH', path, fields);
    await refresh();
  };
  const remove = async () => {
    const go = goToFromHere();
    await api('DELETE', path);
    go(linkTo('audience', 'contacts'), { replace: true });
    return `${contact.email} is deleted.`;
  };
  return (
    <Page
      title={contact.email}
      parent={PARENT}
      aside={contact.unsubscribed ? <Badge status="unsubscribed" tone="warn" /> : <Badge status="subscribed" />}
      actions={
        <>
          <a class="button" href={linkTo('emails', { to: contact.email })}>
            Emails to it
          </a>
          <SuppressionCheck email={contact.email} />
          <Consent contact={contact} change={change} />
          <EditNames contact={contact} change={change} />
          <Action
            label="Delete"
            tone="dangerous"
            confirm={`${contact.email} leaves all segments; its properties and choices are deleted.`}
            run={remove}
          />
        </>
      }
    >
      <KeyValue
        list={[
          ['Name', fullName(contact) || <span class="faint">none</span>],
          ['Created', <When key="created" iso={contact.created_at} absolute />],
          ['Id', <Id key="id" value={contact.id} />],
        ]}
      />
      <ContactProperties contact={contact} change={change} />
      <ContactSegments path={path} />
      <ContactTopics path={path} unsubscribed={contact.unsubscribed} />
    </Page>
  );
}

function Consent({ contact: { email, unsubscribed }, change }: { contact: Contact; change: ChangeContact }) {
  return unsubscribed ? (
    <Action
      label="Subscribe again"
      confirm={`${email} unsubscribed from all broadcasts. Subscribe it again only if the person asked for it.`}
      run={() => change({ unsubscribed: false })}
    />
  ) : (
    <Action label="Unsubscribe" run={() => change({ unsubscribed: true })} />
  );
}

function EditNames({ contact, change }: { contact: Contact; change: ChangeContact }) {
  return (
    <DialogAction label="Edit name">
      {(close) => <NamesDialog contact={contact} change={change} onClose={close} />}
    </DialogAction>
  );
}

function NamesDialog({ contact, change, onClose }: { contact: Contact; change: ChangeContact; onClose: () => void }) {
  const { of } = useFields({ first_name: contact.first_name ?? '', last_name: contact.last_name ?? '' });
  const save = () => change({ first_name: of.first_name.value || null, last_name: of.last_name.value || null });
  return (
    <FormDialog title="Edit name" submit="Save" onSubmit={save} onClose={onClose}>
      <Input label="First name" autoFocus value={of.first_name} maxLength={500} />
      <Input label="Last name" value={of.last_name} maxLength={500} />
    </FormDialog>
  );
}

/** Says whether the address is suppressed, which keeps every email away, whatever the contact says. */
function SuppressionCheck({ email }: { email: string }) {
  const check = async () => {
    try {
      await api('GET', `/suppressions/${encodeURIComponent(email)}`);
      notify('The address is on the suppression list: no email is sent to it.', 'warn');
    } catch (error) {
      if ((error as ApiError).status !== 404) throw error;
      notify('The address is not on the suppression list.');
    }
  };
  return <Action reading label="Is it suppressed?" run={check} />;
}
