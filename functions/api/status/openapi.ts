import { inspectedQueues } from '../../core/inspection/inspected-queues.ts';
import { object, operation, orNull, text, time, whole } from '../openapi/parts.ts';

const sending = object({
  held: { type: 'boolean' },
  reason: orNull(text),
  since: orNull(time),
  rate_per_second: { ...orNull({ type: 'number', minimum: 0 }), description: 'Recipients a second' },
  quota_24h: { ...orNull({ type: 'number', minimum: 0 }), description: 'Recipients; null: no quota, or not known yet' },
  used_24h: orNull(whole),
});
const queue = object({
  name: { enum: [...inspectedQueues] },
  waiting: whole,
  running: whole,
  delayed: { ...whole, description: 'Not due yet: retries and scheduled emails' },
  oldest_seconds: { ...orNull(whole), description: 'Null: not known, or the queue is empty' },
});
const finding = object({
  check: text,
  level: { enum: ['ok', 'warning', 'problem', 'unknown'] },
  text,
  advice: orNull(text),
});

/** The path `/status`. */
export const statusPaths = () => ({
  '/status': {
    get: operation(
      'getStatus',
      'Whether emails are sent, how much waits in the queues, and what is wrong, with the way out',
      object({
        object: { const: 'status' },
        at: time,
        sending,
        queues: { type: 'array', items: queue },
        findings: { type: 'array', items: finding },
      }),
    ),
  },
});
