import { input, list, object, operation, orNull, paging, request, text, time, whole } from '../openapi/parts.ts';
import { purgeSchema, redriveSchema } from './schema.ts';

const letter = object({
  id: text,
  task: orNull(text),
  attempt: orNull({ type: 'number' }),
  queue: { ...orNull(text), description: 'Where it came from' },
  queued_at: orNull(time),
  receive_count: { ...whole, description: 'With SQS, reading it here counts too' },
  email_id: orNull(text),
  email_status: orNull(text),
  run_id: orNull(text),
  run_status: orNull(text),
  error: { ...orNull(text), description: 'Why the last try failed, if its email or run says it' },
  body: { ...text, description: 'The text of the message; perhaps not a job at all' },
});
const missing = { type: 'array', items: text, description: 'Ids that were given and not found' };
const has_more = { type: 'boolean', description: 'The time was up, after 20 s: call again' };
const example = { all: true };

/** The paths under `/dead-letters`. */
export const deadLetterPaths = () => ({
  '/dead-letters': {
    get: operation(
      'listDeadLetters',
      'The first jobs that no worker could handle; while somebody else looks at them, some may be missing',
      list(letter),
      { parameters: paging.filter(({ name }) => name === 'limit') },
    ),
  },
  '/dead-letters/redrive': {
    post: operation(
      'redriveDeadLetters',
      'Put some jobs, or all, back on the queues they came from. With `all`, jobs queued after `queued_until` stay (if absent: after the call began)',
      object({
        object: { const: 'dead_letters' },
        redriven: whole,
        left: { ...whole, description: 'No jobs, of no queue of this deployment, or too new' },
        missing,
        has_more,
        queued_until: { ...time, description: 'For the next call, so that jobs that failed again meanwhile stay' },
      }),
      request(input(redriveSchema), example),
    ),
  },
  '/dead-letters/purge': {
    post: operation(
      'purgeDeadLetters',
      'Delete some jobs, or all. An email that waited for one ends as failed, and can be retried',
      object({ object: { const: 'dead_letters' }, purged: whole, emails_failed: whole, missing, has_more }),
      request(input(purgeSchema), example),
    ),
  },
});
