import * as z from 'zod/mini';
import { limits } from '../../core/email/schema.ts';
import { isId } from '../../core/ids.ts';

/** The most calls that follow the first one of a chain. */
export const MAX_CHAIN = 20;
/** Days that an idempotency key may last, and a run may wait. */
export const MAX_DAYS = 30;

const nullable = <T extends z.ZodMiniType>(schema: T) => z.optional(z.nullable(schema));
const time = (description: string) => z.string().check(z.maxLength(200), z.describe(description));
const span = 'seconds, or a span such as `10 minutes`';

export const priority = nullable(z.enum(['transactional', 'bulk']));
const chained = z.strictObject({
  task: z.string().check(z.maxLength(100)),
  args: z.optional(z.unknown()),
  priority,
});

/** One call of several, without its task and its arguments, which plain code checks. */
const memberFields = {
  in: nullable(
    z.union([z.number().check(z.minimum(0)), time('')]).check(z.describe(`The wait before it may run: ${span}`)),
  ),
  at: nullable(time('When it may run: ISO 8601 with a zone, or English')),
  expires: nullable(
    z
      .union([z.number().check(z.minimum(0)), time('')])
      .check(z.describe(`It expires unless it has begun by then: ${span} from now, or a time as in \`at\``)),
  ),
  priority,
  // biome-ignore lint/suspicious/noThenProperty: the field of the request; nothing awaits it
  then: nullable(
    z.array(chained).check(z.maxLength(MAX_CHAIN), z.describe('Calls that follow its success, one after the other')),
  ),
};

/** One call of a group. */
export const memberSchema = z.strictObject(memberFields);

const callFields = {
  ...memberFields,
  id: nullable(
    z
      .string()
      .check(
        z.refine(isId, 'it must be a UUID in lower case.'),
        z.describe('The id of the run, a random UUID of the caller: the same request again makes no second run'),
      ),
  ),
  idempotency_key: nullable(
    z
      .string()
      .check(
        z.minLength(1),
        z.maxLength(limits.idempotencyKeyLength),
        z.describe('The same as the header `Idempotency-Key`'),
      ),
  ),
  unique_seconds: nullable(
    z
      .int()
      .check(
        z.minimum(1),
        z.maximum(MAX_DAYS * 86_400),
        z.describe('How long the idempotency key lasts; 86,400 if absent'),
      ),
  ),
};

/** The body of `POST /tasks/{name}` without `args`. */
export const callSchema = z.strictObject(callFields);

/** The same with `args`, as the OpenAPI document has it. */
export const describedCallSchema = z.strictObject({
  args: z.optional(z.unknown().check(z.describe("Checked by the task's own schema"))),
  ...callFields,
});

/** A call with its task and its arguments, as the OpenAPI document has it. */
export const describedMemberSchema = z.strictObject({
  task: z.string().check(z.maxLength(100)),
  args: z.optional(z.unknown()),
  ...memberFields,
});
