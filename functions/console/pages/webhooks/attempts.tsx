import {
  Badge,
  Code,
  type Column,
  Dialog,
  DialogAction,
  Duration,
  EmptyState,
  Table,
  When,
} from '../../parts/index.ts';
import type { Attempt } from './answers.ts';

/** How an endpoint answered, the latest attempt first. */
export const Attempts = ({ attempts }: { attempts: readonly Attempt[] }) => (
  <Table
    label="Attempts"
    columns={columns}
    rows={attempts.toReversed()}
    keyOf={({ id }) => id}
    empty={<EmptyState title="No attempt has ended yet" />}
  />
);

const columns: readonly Column<Attempt>[] = [
  { title: 'Answer', width: 12, cell: (attempt) => <Details attempt={attempt} /> },
  { title: 'Text', grow: true, cell: ({ response }) => response || <span class="faint">empty</span> },
  { title: 'Took', numeric: true, wide: true, cell: ({ duration_ms }) => <Duration ms={duration_ms} /> },
  { title: 'When', numeric: true, width: 13, cell: ({ sent_at }) => <When iso={sent_at} /> },
];

const HttpStatus = ({ code }: { code: number }) =>
  code === 0 ? (
    <Badge status="no answer" tone="bad" />
  ) : (
    <Badge status={String(code)} tone={code >= 200 && code < 300 ? 'good' : 'bad'} />
  );

/** The signature that an attempt was sent with, and its whole answer. */
function Details({ attempt: { headers, response, http_status_code } }: { attempt: Attempt }) {
  return (
    <DialogAction
      reading
      tone="link"
      name={`Details of the attempt: ${http_status_code || 'no answer'}`}
      label={<HttpStatus code={http_status_code} />}
    >
      {(close) => (
        <Dialog title="Attempt" wide onClose={close}>
          <h3>Signature</h3>
          {headers ? (
            <Code label="Headers with the signature" text={headerLines(headers)} />
          ) : (
            <p class="faint">Not kept.</p>
          )}
          <h3>Answer, its first KB</h3>
          <Code label="Answer" text={response} />
        </Dialog>
      )}
    </DialogAction>
  );
}

const headerLines = (headers: object): string =>
  Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n');
