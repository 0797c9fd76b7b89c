import { limits } from '../../core/email/schema.ts';
import {
  header,
  input,
  list,
  object,
  operation,
  orNull,
  paging,
  type Schema,
  text,
  time,
  whole,
} from '../openapi/parts.ts';
import { describedCallSchema } from './schema.ts';

const number = { type: 'number' };
const name = { name: 'name', in: 'path', required: true, schema: text };
const optional = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });

/** A task. */
const task = {
  name: text,
  priority: { enum: ['transactional', 'bulk'] },
  keep: { type: 'boolean', description: 'False: nothing is kept of its runs' },
  keep_days: whole,
  timeout_seconds: whole,
  retry: object({
    attempts: whole,
    backoff: { enum: ['exponential', 'fixed'] },
    delay_seconds: number,
    max_delay_seconds: number,
  }),
  rate_limit: orNull(optional({ per_second: number, per_minute: number, per_hour: number })),
  concurrency: orNull(whole),
  schedule: orNull(optional({ expression: text, time_zone: text, every_seconds: whole })),
  next_run_at: orNull(time),
  args: orNull({ type: 'object', description: 'JSON Schema of the arguments' }),
};

/** A run that was made. */
export const runReference = object({ object: { const: 'run' }, id: text });

/** The paths under `/tasks`. */
export const taskPaths = () => ({
  '/tasks': {
    get: operation('listTasks', 'List the tasks of the deployment', list(object(task)), { parameters: paging }),
  },
  '/tasks/{name}': {
    parameters: [name],
    get: operation('getTask', 'One task', object({ object: { const: 'task' }, ...task })),
    post: operation(
      'callTask',
      'Run a task in the background',
      runReference,
      {
        parameters: [
          header('Idempotency-Key', 'The same key with the same arguments makes one run, for 24 hours.', {
            type: 'string',
            minLength: 1,
            maxLength: limits.idempotencyKeyLength,
          }),
        ],
        requestBody: {
          required: false,
          content: {
            'application/json': {
              schema: input(describedCallSchema),
              example: { args: { userId: 'u1' }, in: '10 minutes' },
            },
          },
        },
      },
      '202',
    ),
  },
});
