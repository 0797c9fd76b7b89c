import { usePoll } from '../../../api/poll.ts';
import {
  Answer,
  Badge,
  type Column,
  Count,
  EmptyState,
  Id,
  KeyValue,
  Page,
  Progress,
  Section,
  Table,
  When,
} from '../../../parts/index.ts';
import { linkTo } from '../../../router.ts';
import type { Import } from '../answers.ts';
import { doneOf, isMoving } from './import-progress.ts';

type RowError = Import['errors'][number];
const errorColumns: readonly Column<RowError>[] = [
  { title: 'Line', numeric: true, cell: ({ line }) => line },
  { title: 'Reason', grow: true, cell: ({ reason }) => reason },
];

/** One import: its progress, and the rows that are wrong. */
export function OneImport({ id }: { id: string }) {
  const poll = usePoll<Import>(`/contacts/imports/${id}`, { while: isMoving });
  const status = poll.data.value?.status;
  return (
    <Page
      title="Import"
      parent={{ title: 'Imports', href: linkTo('audience', 'imports') }}
      aside={status && <Badge status={status} />}
    >
      <Answer poll={poll} missing={<EmptyState title="There is no import with this id" />} lines={5}>
        {(one) => <ImportDetails one={one} />}
      </Answer>
    </Page>
  );
}

const ImportDetails = ({ one }: { one: Import }) => (
  <>
    <Progress label="Rows" value={doneOf(one)} total={one.counts.total} />
    <KeyValue
      list={[
        ['Created', <Count key="created" value={one.counts.created} unit="contact" />],
        ['Updated', <Count key="updated" value={one.counts.updated} unit="contact" />],
        ['Skipped', <Count key="skipped" value={one.counts.skipped} unit="row" />],
        ['Failed', <Count key="failed" value={one.counts.failed} unit="row" />],
        ['Begun', <When key="begun" iso={one.created_at} absolute />],
        ['Ended', one.completed_at && <When iso={one.completed_at} absolute />],
        ['Id', <Id key="id" value={one.id} />],
      ]}
    />
    {one.errors.length > 0 && (
      <Section title="Rows that were not imported">
        <p class="faint">The first 100, by line of the file.</p>
        <Table label="Wrong rows" columns={errorColumns} rows={one.errors} keyOf={({ line }) => String(line)} />
      </Section>
    )}
  </>
);
