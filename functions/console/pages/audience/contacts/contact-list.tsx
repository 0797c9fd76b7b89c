import { useSignal } from '@preact/signals';
import { usePages } from '../../../api/pages.ts';
import { type ApiError, api } from '../../../api/request.ts';
import { ActionLink, EmptyState, Input, Notice, optionsOf, PagedTable, Select } from '../../../parts/index.ts';
import { goToFromHere, linkTo, setQuery } from '../../../router.ts';
import type { Contact, ContactRow } from '../answers.ts';
import { AudiencePage } from '../audience-page.tsx';
import { useSegments } from '../choices.ts';
import { AddContact } from './add-contact.tsx';
import { contactColumns } from './contact-columns.tsx';
import { ExportAction } from './export.tsx';

/** All contacts, or those of a segment; a field that finds one by address or id. */
export function ContactList({ segment }: { segment: string | undefined }) {
  const pages = usePages<ContactRow>(segment ? `/segments/${segment}/contacts` : '/contacts');
  return (
    <AudiencePage
      view="contacts"
      actions={
        <>
          <ExportAction segment={segment} />
          <ActionLink label="Import CSV" href={linkTo('audience', 'imports', 'new')} />
          <AddContact onAdded={pages.refresh} />
        </>
      }
    >
      <div class="filters">
        <FindContact />
        <SegmentFilter segment={segment} />
      </div>
      <PagedTable
        pages={pages}
        unit="contact"
        label="Contacts"
        columns={contactColumns}
        hrefOf={({ id }) => linkTo('audience', 'contacts', id)}
        empty={<NoContacts segment={segment} />}
      />
    </AudiencePage>
  );
}

function NoContacts({ segment }: { segment: string | undefined }) {
  return segment ? (
    <EmptyState title="This segment has no contacts yet">
      <p>Add contacts to it on its page, or import a CSV file into it.</p>
    </EmptyState>
  ) : (
    <EmptyState title="No contacts yet">
      <p>
        Contacts are the people who can get broadcasts. Add one,{' '}
        <a href={linkTo('audience', 'imports', 'new')}>import a CSV file</a>, or create them from your app with{' '}
        <code>POST /contacts</code>.
      </p>
    </EmptyState>
  );
}

function SegmentFilter({ segment = '' }: { segment: string | undefined }) {
  const segments = useSegments();
  const chosen = useSignal(segment);
  chosen.value = segment;
  return (
    <Select
      label="Segment"
      hideLabel
      value={chosen}
      options={optionsOf('All contacts', segments.value)}
      onInput={(value) => setQuery({ segment: value })}
    />
  );
}

/** Goes to the contact with an address or an id. */
function FindContact() {
  const sought = useSignal('');
  const missing = useSignal<string | undefined>(undefined);
  const find = async (event: Event) => {
    event.preventDefault();
    const name = sought.value.trim();
    if (name === '') return;
    missing.value = undefined;
    const go = goToFromHere();
    try {
      const { id } = await api<Contact>('GET', `/contacts/${encodeURIComponent(name)}`);
      go(linkTo('audience', 'contacts', id));
    } catch (error) {
      const { status, message } = error as ApiError;
      missing.value = status === 404 ? `There is no contact ${name}.` : message;
    }
  };
  return (
    <form class="find" onSubmit={find}>
      <Input label="Find a contact" hideLabel type="search" placeholder="Find by address or id" value={sought} />
      <button type="submit">Find</button>
      {missing.value && <Notice tone="warn">{missing.value}</Notice>}
    </form>
  );
}
