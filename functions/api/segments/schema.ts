import * as z from 'zod/mini';
import { segmentLimits } from '../../core/audience/segment.ts';

const name = z.string().check(z.minLength(1), z.maxLength(segmentLimits.nameLength));

/** The body of `POST /segments`. */
export const createSegmentSchema = z.strictObject({
  name,
  audience_id: z.optional(z.nullable(z.string().check(z.describe('Of older clients; it says nothing')))),
});
/** The body of `PATCH /segments/{id}`. */
export const changeSegmentSchema = z.strictObject({ name });
