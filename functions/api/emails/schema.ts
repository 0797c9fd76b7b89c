import * as z from 'zod/mini';

/** The body of `PATCH /emails/{id}`. */
export const rescheduleSchema = z.strictObject({
  scheduled_at: z.string().check(z.maxLength(200)),
  // Clients send the id in the body as well (Go, Python, Ruby); the one in the path counts.
  id: z.optional(z.unknown()),
  email_id: z.optional(z.unknown()),
});
