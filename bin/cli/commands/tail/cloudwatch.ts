import { setTimeout as sleep } from 'node:timers/promises';
import type { CloudWatchLogsClient, FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import type { LogLine } from '../../../../lib/local/log-file.ts';
import { stackResources } from '../../aws.ts';
import type { Deployment } from '../../deployment.ts';
import { currentName, sourceName } from './line.ts';

/** The lines to read, and for how long. */
export interface LogQuery {
  readonly sinceMs: number;
  /** Only lines that hold this text. */
  readonly containing?: string;
  /** Sources by name; none: all. */
  readonly only: readonly string[];
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/** Lines come into CloudWatch late, so this much before the last one seen is read again. */
const OVERLAP_MS = 30_000;
/** FilterLogEvents is free, and limited to 5 calls a second an account. */
const POLL_MS = 2_000;

interface Group {
  readonly name: string;
  readonly source: string;
}

/** Lines of the stack's log groups as they come in. */
export async function* cloudWatchLines(deployment: Deployment, query: LogQuery): AsyncGenerator<LogLine> {
  const { CloudWatchLogsClient } = await import('@aws-sdk/client-cloudwatch-logs');
  const client = new CloudWatchLogsClient(deployment.aws);
  const groups = (await stackResources(deployment))
    .filter(({ type }) => type === 'AWS::Logs::LogGroup')
    .map(({ logicalId, physicalId }) => ({ name: physicalId, source: currentName(sourceName(logicalId), deployment) }))
    .filter(({ source }) => query.only.length === 0 || query.only.includes(source));
  const seen = new Map<string, number>();
  for (let sinceMs = query.sinceMs; ; ) {
    const lines = (await Promise.all(groups.map((group) => readGroup(client, group, sinceMs, query)))).flat();
    const fresh = lines.filter(({ id }) => !seen.has(id)).sort((a, b) => a.atMs - b.atMs);
    for (const { id, ...line } of fresh) {
      seen.set(id, line.atMs);
      yield line;
    }
    const newestMs = fresh.at(-1)?.atMs;
    if (newestMs !== undefined) sinceMs = Math.max(sinceMs, newestMs - OVERLAP_MS);
    for (const [id, atMs] of seen) if (atMs < sinceMs) seen.delete(id);
    if (!query.follow || query.signal.aborted) return;
    await sleep(POLL_MS, undefined, { signal: query.signal }).catch(() => undefined);
    if (query.signal.aborted) return;
  }
}

async function readGroup(
  client: CloudWatchLogsClient,
  { name, source }: Group,
  sinceMs: number,
  { containing, signal }: LogQuery,
): Promise<(LogLine & { id: string })[]> {
  const { paginateFilterLogEvents } = await import('@aws-sdk/client-cloudwatch-logs');
  const pages = paginateFilterLogEvents(
    { client },
    {
      logGroupName: name,
      startTime: sinceMs,
      // In quotes: an id with dashes is one term.
      ...(containing === undefined ? {} : { filterPattern: `"${containing.replaceAll('"', '')}"` }),
    },
  );
  const found: FilteredLogEvent[] = [];
  for await (const { events = [] } of pages) {
    found.push(...events);
    if (signal.aborted) break;
  }
  return found.map(({ eventId = '', timestamp = 0, message = '' }) => ({
    id: eventId,
    atMs: timestamp,
    source,
    message,
  }));
}
