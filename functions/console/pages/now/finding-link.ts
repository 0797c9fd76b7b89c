import { linkTo } from '../../router.ts';
import type { Status } from './answers.ts';

type Finding = Status['findings'][number];

/** The check looks at emails of the last day that should have been sent half an hour ago. */
const LOOK_BACK_MS = 24 * 3_600_000;
const OVERDUE_MS = 30 * 60_000;
const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** The page of the console that does what the advice of a finding says by the command line; undefined where there is none. */
export function pageFor(
  { check, level, text, advice }: Finding,
  atMs: number,
): { href: string; text: string } | undefined {
  if (level === 'ok' || level === 'unknown') return undefined;
  if (check === 'dead letters') return { href: linkTo('queues'), text: 'Open Queues' };
  if (check === 'broadcasts') {
    const [id] = ID.exec(`${advice} ${text}`) ?? [];
    return { href: id ? linkTo('broadcasts', id) : linkTo('broadcasts'), text: 'Open the broadcast' };
  }
  if (check !== 'waiting emails') return undefined;
  const since = new Date(atMs - LOOK_BACK_MS).toISOString();
  const until = new Date(atMs - OVERDUE_MS).toISOString();
  return { href: linkTo('emails', { status: 'queued,scheduled', since, until }), text: 'Show them' };
}
