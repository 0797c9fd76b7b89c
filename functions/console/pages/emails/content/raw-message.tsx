import { usePoll } from '../../../api/poll.ts';
import { download } from '../../../download.ts';
import { Answer, Bytes, Code, KeyValue } from '../../../parts/index.ts';
import { headersOf } from './headers.ts';

/** A message does not change. */
const ONCE_MS = 86_400_000;
/** More text makes a browser slow; the file has all of it. */
const MOST_SHOWN = 200_000;

/** The headers of the message as it is handed to SES. */
export function Headers({ id }: { id: string }) {
  return (
    <Answer poll={useRaw(id)}>
      {(raw) => (
        <div class="email-headers">
          <KeyValue list={headersOf(raw).map(({ name, value }) => [name, <code key={name}>{value}</code>])} />
        </div>
      )}
    </Answer>
  );
}

/** The message as it is handed to SES. */
export function Raw({ id }: { id: string }) {
  return <Answer poll={useRaw(id)}>{(raw) => <Message id={id} raw={raw} />}</Answer>;
}

function Message({ id, raw }: { id: string; raw: string }) {
  const save = () => download(new Blob([raw], { type: 'message/rfc822' }), `${id}.eml`);
  return (
    <>
      <p class="preview-bar">
        <span class="faint">
          <Bytes value={raw.length} />
          {raw.length > MOST_SHOWN && ', of which the beginning is shown'}. SES then replaces Message-ID and Date, and
          signs it.
        </span>
        <button type="button" class="quiet" onClick={save}>
          Save as .eml
        </button>
      </p>
      <Code text={raw.slice(0, MOST_SHOWN)} label="Message" />
    </>
  );
}

const useRaw = (id: string) => usePoll<string>(`/emails/${encodeURIComponent(id)}/raw`, { everyMs: ONCE_MS });
