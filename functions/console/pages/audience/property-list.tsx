import { usePages } from '../../api/pages.ts';
import { api } from '../../api/request.ts';
import {
  Action,
  type Column,
  DialogAction,
  EmptyState,
  FormDialog,
  Input,
  PagedTable,
  Select,
  useFields,
  When,
} from '../../parts/index.ts';
import type { Property } from './answers.ts';
import { AudiencePage } from './audience-page.tsx';

const columnsOf = (onChange: () => Promise<void>): readonly Column<Property>[] => [
  { title: 'Key', grow: true, cell: ({ key }) => <code>{key}</code> },
  { title: 'Type', cell: ({ type }) => type },
  { title: 'Fallback', grow: true, cell: ({ fallback_value }) => fallback_value ?? <span class="faint">none</span> },
  { title: 'Created', wide: true, cell: ({ created_at }) => <When iso={created_at} /> },
  {
    title: 'Actions',
    acts: true,
    width: 18,
    cell: (property) => <PropertyActions property={property} onChange={onChange} />,
  },
];

/** All properties that contacts can have. */
export function Properties() {
  const pages = usePages<Property>('/contact-properties');
  const create = (
    <DialogAction label="New property" tone="primary">
      {(close) => <PropertyDialog onSaved={pages.refresh} onClose={close} />}
    </DialogAction>
  );
  return (
    <AudiencePage view="properties" actions={create}>
      <PagedTable
        pages={pages}
        unit="property"
        label="Properties"
        columns={columnsOf(pages.refresh)}
        empty={
          <EmptyState title="No properties yet">
            <p>
              Properties are what you know about contacts beside their names, for placeholders such as{' '}
              <code>{'{{{company|your company}}}'}</code>. An import creates those that its columns are mapped to.
            </p>
          </EmptyState>
        }
      />
    </AudiencePage>
  );
}

function PropertyActions({ property, onChange }: { property: Property; onChange: () => Promise<void> }) {
  const { id, key } = property;
  const remove = async () => {
    await api('DELETE', `/contact-properties/${id}`);
    await onChange();
    return `${key} is deleted.`;
  };
  return (
    <div class="actions">
      <DialogAction label="Edit" name={`Edit ${key}`} tone="quiet">
        {(close) => <PropertyDialog property={property} onSaved={onChange} onClose={close} />}
      </DialogAction>
      <Action
        label="Delete"
        name={`Delete ${key}`}
        tone="quiet"
        confirm="Contacts keep their values, which nothing uses until there is a property with the key again."
        run={remove}
      />
    </div>
  );
}

interface PropertyDialogProps {
  /** The property to change; absent: a new one is made. */
  readonly property?: Property;
  readonly onSaved: () => Promise<void>;
  readonly onClose: () => void;
}

function PropertyDialog({ property, onSaved, onClose }: PropertyDialogProps) {
  const { of } = useFields({
    key: property?.key ?? '',
    type: property?.type ?? 'string',
    fallback: String(property?.fallback_value ?? ''),
  });
  const isNumber = of.type.value === 'number';
  const save = async () => {
    const given = of.fallback.value;
    const fallback_value = given === '' ? null : isNumber ? Number(given) : given;
    if (property) await api('PATCH', `/contact-properties/${property.id}`, { fallback_value });
    else await api('POST', '/contact-properties', { key: of.key.value, type: of.type.value, fallback_value });
    await onSaved();
  };
  return (
    <FormDialog
      title={property ? `Edit ${property.key}` : 'New property'}
      submit="Save"
      onSubmit={save}
      onClose={onClose}
    >
      <Input
        label="Key"
        code
        required
        autoFocus={!property}
        disabled={property !== undefined}
        maxLength={50}
        pattern="[A-Za-z0-9_]+"
        value={of.key}
        hint="Letters, digits and underscores. Key and type cannot be changed later."
      />
      <Select
        label="Type"
        disabled={property !== undefined}
        value={of.type}
        options={[
          ['string', 'Text'],
          ['number', 'Number'],
        ]}
      />
      <Input
        label="Fallback"
        type={isNumber ? 'number' : 'text'}
        value={of.fallback}
        hint="Printed for contacts without a value, unless the placeholder has a fallback of its own."
      />
    </FormDialog>
  );
}
