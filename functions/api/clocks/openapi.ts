import { list, object, operation, orNull, paging, text, time, whole } from '../openapi/parts.ts';
import { runReference } from '../tasks/openapi.ts';

const task = { name: 'task', in: 'path', required: true, schema: text };
const clock = {
  task: text,
  expression: orNull(text),
  time_zone: orNull(text),
  every_seconds: orNull(whole),
  paused: { type: 'boolean' },
  next_run_at: orNull(time),
  last_run_at: orNull(time),
  last_run_id: orNull(text),
  skipped: { ...whole, description: 'Ticks that made no run: they were missed while everything was down' },
};
const one = object({ object: { const: 'clock' }, ...clock });

/** The paths under `/clocks`. */
export const clockPaths = () => ({
  '/clocks': {
    get: operation('listClocks', 'List the clocks of tasks', list(object(clock)), { parameters: paging }),
  },
  '/clocks/{task}': { parameters: [task], get: operation('getClock', 'The clock of a task', one) },
  '/clocks/{task}/pause': {
    parameters: [task],
    post: operation('pauseClock', 'Make no runs until it is resumed', one),
  },
  '/clocks/{task}/resume': { parameters: [task], post: operation('resumeClock', 'Go on with a paused clock', one) },
  '/clocks/{task}/run': {
    parameters: [task],
    post: operation('runClock', 'Run its task now, beside the clock', runReference, {}, '202'),
  },
});
