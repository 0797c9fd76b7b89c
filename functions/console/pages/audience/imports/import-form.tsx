import { type Signal, useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';
import { mayAct } from '../../../api/session.ts';
import { Action, createFields, EmptyState, Notice, optionsOf, Page, Section, Select } from '../../../parts/index.ts';
import { bytes, counted } from '../../../parts/values/formats.ts';
import { goTo, linkTo, route } from '../../../router.ts';
import { useProperties, useSegments } from '../choices.ts';
import { ColumnMapping } from './column-mapping.tsx';
import { initialTargets } from './column-targets.ts';
import { type CsvSample, SAMPLE_BYTES, sampleOf } from './csv.ts';
import { upload } from './upload.ts';

interface Chosen {
  readonly file: File;
  readonly sample: CsvSample;
}

/** Choose or drop a CSV file, map its columns, import it. */
export function ImportForm() {
  const chosen = useSignal<Chosen | undefined>(undefined);
  const choose = async (file: File | null | undefined) => {
    if (file) chosen.value = { file, sample: sampleOf(await file.slice(0, SAMPLE_BYTES).text()) };
  };
  return (
    <Page title="Import contacts" parent={{ title: 'Imports', href: linkTo('audience', 'imports') }}>
      {mayAct.value ? (
        <>
          <DropZone file={chosen.value?.file} choose={choose} />
          {chosen.value && (
            <Mapping key={`${chosen.value.file.name} ${chosen.value.file.lastModified}`} {...chosen.value} />
          )}
        </>
      ) : (
        <EmptyState title="This key may only read" />
      )}
    </Page>
  );
}

function DropZone({
  file,
  choose,
}: {
  file: File | undefined;
  choose: (file: File | null | undefined) => Promise<void>;
}) {
  const over = useSignal(false);
  return (
    <label
      class={`drop-zone${over.value ? ' over' : ''}`}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={() => {
        over.value = false;
      }}
      onDrop={(event) => {
        event.preventDefault();
        over.value = false;
        void choose(event.dataTransfer?.files[0]);
      }}
    >
      <input
        type="file"
        accept=".csv,text/csv,text/tab-separated-values"
        onInput={(event) => void choose(event.currentTarget.files?.[0])}
      />
      {file ? (
        <span>
          <strong>{file.name}</strong> <span class="faint">{bytes(file.size)}</span>
        </span>
      ) : (
        <span>
          <strong>Drop a CSV file here</strong>, or choose one.{' '}
          <span class="faint">UTF-8, with a header in the first row.</span>
        </span>
      )}
    </label>
  );
}

function Mapping({ file, sample }: Chosen) {
  const targets = useMemo(() => createFields(initialTargets(sample.columns)), [sample]);
  const options = useMemo(() => createFields({ on_conflict: 'upsert', segment: route.peek().query.segment ?? '' }), []);
  const known = useProperties();
  const done = useSignal<number | undefined>(undefined);
  const hasAddress = sample.columns.some((_, index) => targets.of[index]?.value === 'email');
  const run = async () => {
    done.value = 0;
    try {
      const ids = await upload(file, {
        columns: sample.columns,
        targets: sample.columns.map((_, index) => targets.of[index]?.value ?? ''),
        properties: known.value ?? [],
        onConflict: options.of.on_conflict.value,
        segment: options.of.segment.value,
        onPiece: (share) => {
          done.value = share;
        },
      });
      goTo(ids.length === 1 && ids[0] ? linkTo('audience', 'imports', ids[0]) : linkTo('audience', 'imports'));
      return ids.length === 1 ? 'The import has begun.' : `The file is imported in ${counted(ids.length, 'part')}.`;
    } finally {
      done.value = undefined;
    }
  };
  return (
    <Section title="Columns">
      <ColumnMapping sample={sample} targets={targets.of} properties={known.value ?? []} />
      {!hasAddress && <Notice tone="warn">Choose the column that has the addresses.</Notice>}
      <Options options={options.of} />
      <div class="actions">
        <Action
          label={done.value === undefined ? 'Import' : `Uploading, ${Math.round(done.value * 100)} %…`}
          tone="primary"
          disabled={!hasAddress}
          run={run}
        />
      </div>
    </Section>
  );
}

function Options({ options }: { options: Readonly<Record<'on_conflict' | 'segment', Signal<string>>> }) {
  const segments = useSegments();
  return (
    <div class="import-options">
      <Select
        label="Contacts that exist"
        value={options.on_conflict}
        options={[
          ['upsert', 'Change them; empty cells leave a field as it is'],
          ['skip', 'Leave them as they are'],
        ]}
      />
      <Select label="Add all to the segment" value={options.segment} options={optionsOf('None', segments.value)} />
    </div>
  );
}
