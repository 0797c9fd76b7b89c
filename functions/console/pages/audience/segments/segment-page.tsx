import { usePages } from '../../../api/pages.ts';
import { usePoll } from '../../../api/poll.ts';
import { api } from '../../../api/request.ts';
import { Action, ActionLink, Answer, type Column, Count, EmptyState, Page, PagedTable } from '../../../parts/index.ts';
import { counted } from '../../../parts/values/formats.ts';
import { goToFromHere, linkTo } from '../../../router.ts';
import type { ContactRow, Segment } from '../answers.ts';
import { AddContact } from '../contacts/add-contact.tsx';
import { contactColumns } from '../contacts/contact-columns.tsx';
import { ExportAction } from '../contacts/export.tsx';
import { NameAction } from './segment-name.tsx';

const PARENT = { title: 'Segments', href: linkTo('audience', 'segments') };

/** One segment and its contacts, the last added first. */
export function OneSegment({ id }: { id: string }) {
  const poll = usePoll<Segment>(`/segments/${id}`);
  const pages = usePages<ContactRow>(`/segments/${id}/contacts`);
  const refreshAll = () => Promise.all([poll.refresh(), pages.refresh()]);
  const segment = poll.data.value;
  if (!segment)
    return (
      <Page title="Segment" parent={PARENT}>
        <Answer poll={poll} missing={<EmptyState title="There is no segment with this id" />} />
      </Page>
    );
  const leave = (contact: ContactRow) => async () => {
    await api('DELETE', `/contacts/${contact.id}/segments/${id}`);
    await refreshAll();
  };
  const columns: readonly Column<ContactRow>[] = [
    ...contactColumns,
    {
      title: 'Actions',
      acts: true,
      width: 12,
      cell: (contact) => <Action label="Remove" name={`Remove ${contact.email}`} tone="quiet" run={leave(contact)} />,
    },
  ];
  return (
    <Page
      title={segment.name}
      parent={PARENT}
      aside={<Count value={segment.contact_count} unit="contact" />}
      actions={<SegmentActions segment={segment} refresh={refreshAll} />}
    >
      <PagedTable
        pages={pages}
        unit="contact"
        label="Contacts of the segment"
        columns={columns}
        hrefOf={(contact) => linkTo('audience', 'contacts', contact.id)}
        empty={
          <EmptyState title="This segment has no contacts yet">
            <p>
              Add a contact, or <a href={linkTo('audience', 'imports', 'new', { segment: id })}>import a CSV file</a>{' '}
              into it.
            </p>
          </EmptyState>
        }
      />
    </Page>
  );
}

function SegmentActions({ segment, refresh }: { segment: Segment; refresh: () => Promise<unknown> }) {
  const { id, name, contact_count } = segment;
  const rename = async (to: string) => {
    await api('PATCH', `/segments/${id}`, { name: to });
    await refresh();
  };
  const remove = async () => {
    const go = goToFromHere();
    await api('DELETE', `/segments/${id}`);
    go(linkTo('audience', 'segments'), { replace: true });
    return `${name} is deleted.`;
  };
  return (
    <>
      <ActionLink label="New broadcast" href={linkTo('broadcasts', 'new', { segment: id })} />
      <ActionLink label="Import CSV" href={linkTo('audience', 'imports', 'new', { segment: id })} />
      <ExportAction segment={id} />
      <NameAction label="Rename" name={name} save={rename} />
      <Action
        label="Delete segment"
        tone="dangerous"
        confirm={`Its ${counted(contact_count, 'contact')} stay contacts. Drafts that go to it cannot be sent any more.`}
        run={remove}
      />
      <AddContact segment={id} onAdded={refresh} />
    </>
  );
}
