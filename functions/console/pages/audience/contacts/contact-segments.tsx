import { useSignal } from '@preact/signals';
import { usePages } from '../../../api/pages.ts';
import { api } from '../../../api/request.ts';
import { mayAct } from '../../../api/session.ts';
import { Action, type Column, optionsOf, PagedTable, Section, Select } from '../../../parts/index.ts';
import { linkTo } from '../../../router.ts';
import type { SegmentName } from '../answers.ts';
import { useSegments } from '../choices.ts';

/** The segments that a contact is in; `path` is the contact's. */
export function ContactSegments({ path }: { path: string }) {
  const pages = usePages<SegmentName>(`${path}/segments`);
  const segments = useSegments();
  const chosen = useSignal('');
  const others = (segments.value ?? []).filter(({ id }) => !pages.items.value?.some((one) => one.id === id));
  const join = async () => {
    await api('POST', `${path}/segments/${chosen.value}`);
    chosen.value = '';
    await pages.refresh();
  };
  const leave = async (id: string) => {
    await api('DELETE', `${path}/segments/${id}`);
    await pages.refresh();
  };
  const columns: readonly Column<SegmentName>[] = [
    { title: 'Segment', grow: true, cell: ({ name }) => name },
    {
      title: 'Actions',
      acts: true,
      width: 12,
      cell: ({ id, name }) => <Action label="Leave" name={`Leave ${name}`} tone="quiet" run={() => leave(id)} />,
    },
  ];
  return (
    <Section title="Segments">
      <PagedTable
        pages={pages}
        unit="segment"
        label="Segments"
        columns={columns}
        hrefOf={({ id }) => linkTo('audience', 'segments', id)}
        placeholders={1}
        empty={<p class="faint">In none: broadcasts go to segments.</p>}
      />
      {mayAct.value && others.length > 0 && (
        <div class="inline-form">
          <Select label="Add to a segment" hideLabel value={chosen} options={optionsOf('Choose a segment…', others)} />
          <Action label="Add" disabled={chosen.value === ''} run={join} />
        </div>
      )}
    </Section>
  );
}
