import * as z from 'zod/mini';
import { MOST_MEMBERS, PIECE_MEMBERS } from '../../core/run/group/group.ts';
import { describedMemberSchema, priority } from '../tasks/schema.ts';

/** The body of `POST /run-groups`. */
export const createGroupSchema = z.strictObject({
  // biome-ignore lint/suspicious/noThenProperty: the field of the request; nothing awaits it
  then: z.optional(
    z.nullable(
      z
        .strictObject({
          task: z.string().check(z.maxLength(100)),
          priority,
        })
        .check(z.describe('Called with `{ group, total, succeeded, failed }` when all members have ended')),
    ),
  ),
});

/** The body of `POST /run-groups/{id}/members` without `calls`. */
export const pieceSchema = z.strictObject({ first: z.int().check(z.minimum(0), z.maximum(MOST_MEMBERS)) });

/** The same with `calls`, as the OpenAPI document has it. */
export const describedPieceSchema = z.strictObject({
  first: z
    .int()
    .check(z.minimum(0), z.maximum(MOST_MEMBERS), z.describe('The position of the first one, a multiple of 100')),
  calls: z.array(describedMemberSchema).check(z.minLength(1), z.maxLength(PIECE_MEMBERS)),
});
