import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LogLine } from '../../../../lib/local/log-file.ts';
import type { LogQuery } from './cloudwatch.ts';
import { sourceName } from './line.ts';

const POLL_MS = 200;
const CHUNK_BYTES = 64 * 1024;

/** Lines of the log file of `sendoff start` as they come in; a file that became shorter is read from its beginning. */
export async function* localLines(file: string, query: LogQuery): AsyncGenerator<LogLine> {
  let position = 0;
  let rest = Buffer.alloc(0);
  while (!query.signal.aborted) {
    const { bytes, size } = await readFrom(file, position);
    if (size < position) {
      position = 0;
      rest = Buffer.alloc(0);
      continue;
    }
    position += bytes.length;
    const text = Buffer.concat([rest, bytes]);
    const end = text.lastIndexOf(0x0a) + 1;
    rest = text.subarray(end);
    for (const line of text.subarray(0, end).toString('utf8').split('\n')) {
      if (line && wanted(line, query)) yield JSON.parse(line);
    }
    if (bytes.length > 0) continue;
    if (!query.follow) return;
    await sleep(POLL_MS, undefined, { signal: query.signal }).catch(() => undefined);
  }
}

function wanted(text: string, { sinceMs, containing, only }: LogQuery): boolean {
  if (containing !== undefined && !text.includes(containing)) return false;
  const { atMs, source }: LogLine = JSON.parse(text);
  return atMs >= sinceMs && (only.length === 0 || only.includes(sourceName(source)));
}

async function readFrom(file: string, position: number): Promise<{ bytes: Buffer; size: number }> {
  if (!existsSync(file)) return { bytes: Buffer.alloc(0), size: 0 };
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(CHUNK_BYTES), 0, CHUNK_BYTES, position);
    return { bytes: buffer.subarray(0, bytesRead), size };
  } finally {
    await handle.close();
  }
}
