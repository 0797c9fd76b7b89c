import type { Context } from 'hono';
import { invalid } from '../../core/errors.ts';
import { type Choice, listDeadLetters as list, redriveDeadLetters } from '../../core/inspection/dead-letters.ts';
import { purgeDeadLetters } from '../../core/inspection/purge.ts';
import type { DeadLetters } from '../../core/ports/inspection.ts';
import type { Table } from '../../core/ports/table.ts';
import { parseWhole, validate } from '../../core/validate.ts';
import type { Operations } from '../../runtime/operations/operations.ts';
import type { Caller } from '../authenticate.ts';
import { readJson } from '../read-json.ts';
import type { UserTasks } from '../tasks/user-tasks.ts';
import { originsOf } from './origins.ts';
import { purgeSchema, redriveSchema } from './schema.ts';
import { deadLettersView, deadLetterView, purgedView, redrivenView } from './view.ts';

export interface DeadLetterDependencies {
  readonly operations: Operations;
  readonly table: Table;
  readonly tasks: UserTasks;
  readonly now: () => number;
}

type Answer = (context: Context<Caller>, dependencies: DeadLetterDependencies) => Promise<Response>;

/** API Gateway waits for 29 s at most, and the page that is being worked on ends after this. */
const WORK_MS = 20_000;

/** `GET /dead-letters`: looks at the first ones without taking anything out. */
export const listDeadLetters: Answer = async (context, dependencies) => {
  const { limit = '20', ...others } = context.req.query();
  const [unknown] = Object.keys(others);
  if (unknown !== undefined)
    throw invalid(
      `Unknown parameter \`${unknown.slice(0, 100)}\`: SQS has no pages; give \`limit\`.`,
      'validation_error',
    );
  const most = parseWhole(limit, 'limit', 1, 100);
  // One more than is shown, to know whether there are more.
  const { letters } = await list(await open(dependencies), most + 1, AbortSignal.timeout(WORK_MS));
  const shown = letters.slice(0, most);
  const origins = await originsOf(shown, dependencies);
  const data = shown.map((letter) => deadLetterView(letter, origins.get(letter.id) ?? {}));
  return context.json(deadLettersView(data, letters.length > most));
};

/** `POST /dead-letters/redrive`: puts jobs back on the queues they came from. */
export const redrive: Answer = async (context, dependencies) => {
  const given = validate(redriveSchema, (await readJson(context)).value, Object.keys(redriveSchema.shape));
  const choice = choiceOf(given);
  const startedAtMs = given.queued_until === undefined ? dependencies.now() : timeOf(given.queued_until);
  const signal = AbortSignal.timeout(WORK_MS);
  const { taken, left, missing } = await redriveDeadLetters(await open(dependencies), choice, { startedAtMs, signal });
  return context.json(
    redrivenView({
      redriven: taken,
      left: choice.all ? left : 0,
      queuedUntilMs: startedAtMs,
      ...rest(choice, missing, signal),
    }),
  );
};

/** `POST /dead-letters/purge`: deletes jobs; an email that waited for one ends as failed, and can be retried. */
export const purge: Answer = async (context, dependencies) => {
  const choice = choiceOf(validate(purgeSchema, (await readJson(context)).value, Object.keys(purgeSchema.shape)));
  const signal = AbortSignal.timeout(WORK_MS);
  const { table, now } = dependencies;
  const deadLetters = await open(dependencies);
  const { taken, emailsFailed, missing } = await purgeDeadLetters({ deadLetters, table }, choice, { now, signal });
  return context.json(purgedView({ purged: taken, emailsFailed, ...rest(choice, missing, signal) }));
};

const open = async ({ operations }: DeadLetterDependencies): Promise<DeadLetters> =>
  (await operations.inspection()).deadLetters;

function choiceOf({ ids = [], all }: { readonly ids?: readonly string[]; readonly all?: true }): Choice {
  if (ids.length > 0 === (all === true)) throw invalid('Give either `ids` or `all`.', 'validation_error');
  return { ids, ...(all ? { all } : {}) };
}

/** Ids that were not found are missing only if there was time to look at all. */
function rest({ all }: Choice, missing: readonly string[], signal: AbortSignal) {
  const hasMore = signal.aborted && (all === true || missing.length > 0);
  return { missing: hasMore ? [] : missing, hasMore };
}

/** RFC 3339, as our own answers have it. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i;

function timeOf(text: string): number {
  const atMs = TIME.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(atMs)) throw invalid('Invalid `queued_until`: it must be an ISO 8601 time.', 'validation_error');
  return atMs;
}
