import { runStatuses } from '../../core/run/run.ts';
import {
  id,
  input,
  list,
  object,
  operation,
  orNull,
  paging,
  query,
  request,
  type Schema,
  text,
  time,
  whole,
} from '../openapi/parts.ts';
import { runReference } from '../tasks/openapi.ts';
import { retryFailedSchema } from './schema.ts';
import { MAX_WAIT_SECONDS } from './until-ended.ts';

const number = { type: 'number' };
const anything = (description: string): Schema => ({ description });

const summary = {
  id: text,
  task: text,
  status: { enum: [...runStatuses] },
  priority: { enum: ['transactional', 'bulk'] },
  attempts: whole,
  progress: orNull(object({ done: number, total: orNull(number) })),
  error: orNull(object({ code: text, message: text })),
  group: orNull(object({ id: text, member: whole })),
  created_at: time,
  due_at: orNull(time),
  expires_at: orNull(time),
  started_at: orNull(time),
  finished_at: orNull(time),
};
const step = object({
  name: text,
  result: anything('What it answered; null if that is kept apart from the run, as values above 1 KB are'),
});
const detail = object({
  object: { const: 'run' },
  ...summary,
  error: orNull(object({ code: text, message: text, stack: orNull(text) })),
  args: anything('The arguments'),
  result: anything('What the task answered'),
  steps: { type: 'array', items: step, description: 'Those that are done' },
  events: {
    type: 'array',
    items: object({ type: text, at: time, attempt: orNull(whole), reason: orNull(text) }),
  },
  tick_at: orNull(time),
});

const retried = object({ object: { const: 'run_retry' }, retried: whole, has_more: { type: 'boolean' } });
const runs = list(object(summary));
const page = {
  ...runs,
  properties: {
    ...runs.properties,
    next: {
      ...text,
      description:
        'If the search for a status ended before the page was full: what `after` (or `before`) is for the next page',
    },
  },
};

/** The paths under `/runs`. */
export const runPaths = () => ({
  '/runs': {
    get: operation('listRuns', 'List runs, newest first; the members of a group in their order', page, {
      parameters: [
        query('task', 'Only those of this task'),
        {
          ...query('status', 'Only those in one of these states', { type: 'array', items: { enum: [...runStatuses] } }),
          style: 'form',
          explode: false,
        },
        query('group', 'Only the members of this group'),
        ...paging,
      ],
    }),
  },
  '/runs/retry': {
    post: operation(
      'retryFailedRuns',
      'Run the failed runs of a task again, oldest first; repeat it with `after` while there are more',
      {
        ...retried,
        properties: { ...retried.properties, next: { ...text, description: 'What `after` is in the next request' } },
      },
      { ...request(input(retryFailedSchema), { task: 'user.notify', since: '2026-11-20T08:00:00Z' }), errors: [404] },
    ),
  },
  '/runs/{id}': {
    parameters: [id],
    get: operation('getRun', 'One run with its arguments, timeline, and result or error', detail, {
      parameters: [
        query('wait', 'Answer as soon as it has ended, or after so many seconds', {
          type: 'integer',
          minimum: 0,
          maximum: MAX_WAIT_SECONDS,
        }),
      ],
    }),
  },
  '/runs/{id}/cancel': {
    parameters: [id],
    post: operation('cancelRun', 'Cancel a run; one that runs is told by its signal', runReference, { errors: [409] }),
  },
  '/runs/{id}/retry': {
    parameters: [id],
    post: operation('retryRun', 'Run one again that failed, expired or was canceled', runReference, { errors: [409] }),
  },
});
