import * as z from 'zod/mini';
import { webhookEventTypes } from '../../core/event.ts';

const eventNames = z.array(z.string()).check(z.minLength(1), z.maxLength(webhookEventTypes.length));

/** The body of `POST /webhooks`. */
export const createWebhookSchema = z.strictObject({ endpoint: z.string(), events: eventNames });

/** The body of `PATCH /webhooks/{id}`. */
export const changeWebhookSchema = z.strictObject({
  endpoint: z.optional(z.string()),
  events: z.optional(eventNames),
  status: z.optional(z.enum(['enabled', 'disabled'])),
  // Clients send the id in the body as well; the one in the path counts.
  id: z.optional(z.unknown()),
  webhook_id: z.optional(z.unknown()),
});
