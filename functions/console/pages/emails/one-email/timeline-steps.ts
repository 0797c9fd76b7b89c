import type { TimelineEvent } from '../answers.ts';

/** An event as the timeline shows it. */
export interface Step {
  /** Without `email.`. */
  readonly type: string;
  readonly at: string;
  /** The time since the step before; absent for the first, and where the clock of SES is behind ours. */
  readonly afterMs?: number | undefined;
  readonly reason?: string | undefined;
  readonly permanent?: boolean | undefined;
  readonly machine?: boolean | undefined;
  readonly count?: number | undefined;
  readonly lastAt?: string | undefined;
}

interface StepsOfRecipient {
  /** Absent: of all. */
  readonly recipient?: string;
  readonly steps: readonly Step[];
}

/** The steps in groups: with one recipient one group; with several what concerns all of them, then each that something happened to. */
export function stepsOf(events: readonly TimelineEvent[], recipients: readonly string[]): StepsOfRecipient[] {
  if (recipients.length === 1) return [{ steps: timed(events) }];
  const common = events.filter(({ recipient }) => recipient === undefined);
  const sent = common.find(({ type }) => type === 'email.sent');
  const named = Map.groupBy(
    events.filter(({ recipient }) => recipient !== undefined),
    ({ recipient }) => recipient ?? '',
  );
  const groups = [...named].map(([recipient, own]) => ({ recipient, steps: timed(own, sent?.created_at) }));
  return [{ steps: timed(common) }, ...groups];
}

function timed(events: readonly TimelineEvent[], start?: string): Step[] {
  return events.map((event, index) => {
    const before = events[index - 1]?.created_at ?? start;
    const afterMs = before === undefined ? undefined : Date.parse(event.created_at) - Date.parse(before);
    return {
      type: event.type.replace(/^email\./, ''),
      at: event.created_at,
      ...(afterMs !== undefined && afterMs >= 0 ? { afterMs } : {}),
      reason: event.reason,
      permanent: 'permanent' in event ? event.permanent : undefined,
      machine: event.machine,
      count: event.count,
      lastAt: event.last_at,
    };
  });
}
