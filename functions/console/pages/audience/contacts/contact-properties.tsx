import {
  Action,
  type Column,
  DialogAction,
  FormDialog,
  Input,
  Section,
  Select,
  Table,
  useFields,
} from '../../../parts/index.ts';
import { linkTo } from '../../../router.ts';
import type { Contact, Property } from '../answers.ts';
import { useProperties } from '../choices.ts';

/** Changes fields of the contact shown. */
export type ChangeContact = (fields: Record<string, unknown>) => Promise<void>;

interface Value {
  readonly key: string;
  readonly value: string | number | boolean;
}

/** The properties of a contact and their values. */
export function ContactProperties({ contact, change }: { contact: Contact; change: ChangeContact }) {
  const properties = useProperties().value ?? [];
  const values = Object.entries(contact.properties).map(([key, { value }]) => ({ key, value }));
  const columns: readonly Column<Value>[] = [
    { title: 'Property', cell: ({ key }) => <code>{key}</code> },
    { title: 'Value', grow: true, cell: ({ value }) => String(value) },
    {
      title: 'Actions',
      acts: true,
      width: 18,
      cell: (stored) => <ValueActions properties={properties} stored={stored} change={change} />,
    },
  ];
  return (
    <Section
      title="Properties"
      actions={
        properties.length > 0 && (
          <DialogAction label="Set a property">
            {(close) => <ValueDialog properties={properties} change={change} onClose={close} />}
          </DialogAction>
        )
      }
    >
      <Table
        label="Properties"
        columns={columns}
        rows={values}
        keyOf={({ key }) => key}
        empty={
          <p class="faint">
            None. {properties.length === 0 && <a href={linkTo('audience', 'properties')}>Create a property first</a>}
          </p>
        }
      />
    </Section>
  );
}

interface ValueActionsProps {
  readonly properties: readonly Property[];
  readonly stored: Value;
  readonly change: ChangeContact;
}

function ValueActions({ properties, stored, change }: ValueActionsProps) {
  const { key } = stored;
  return (
    <div class="actions">
      <DialogAction label="Edit" name={`Edit ${key}`} tone="quiet">
        {(close) => <ValueDialog properties={properties} stored={stored} change={change} onClose={close} />}
      </DialogAction>
      <Action label="Remove" name={`Remove ${key}`} tone="quiet" run={() => change({ properties: { [key]: null } })} />
    </div>
  );
}

interface ValueDialogProps {
  readonly properties: readonly Property[];
  /** The value to change; absent: the property is chosen here. */
  readonly stored?: Value;
  readonly change: ChangeContact;
  readonly onClose: () => void;
}

function ValueDialog({ properties, stored, change, onClose }: ValueDialogProps) {
  const { of } = useFields({ key: stored?.key ?? properties[0]?.key ?? '', value: String(stored?.value ?? '') });
  const isNumber = properties.find(({ key }) => key === of.key.value)?.type === 'number';
  const save = () => change({ properties: { [of.key.value]: isNumber ? Number(of.value.value) : of.value.value } });
  return (
    <FormDialog title="Set a property" submit="Save" onSubmit={save} onClose={onClose}>
      <Select
        label="Property"
        value={of.key}
        disabled={stored !== undefined}
        options={(stored ? [stored] : properties).map(({ key }) => [key, key])}
      />
      <Input label="Value" required autoFocus type={isNumber ? 'number' : 'text'} value={of.value} />
    </FormDialog>
  );
}
