import * as z from 'zod/mini';
import { subscriptions, topicLimits, visibilities } from '../../core/audience/topic.ts';

const name = z.string().check(z.minLength(1), z.maxLength(topicLimits.nameLength));
const fields = {
  description: z.optional(z.nullable(z.string().check(z.maxLength(topicLimits.descriptionLength)))),
  visibility: z.optional(z.nullable(z.enum(visibilities))),
};

/** The body of `POST /topics`. */
export const createTopicSchema = z.strictObject({ name, default_subscription: z.enum(subscriptions), ...fields });

/** The body of `PATCH /topics/{id}`; null removes the description. */
export const changeTopicSchema = z.strictObject({
  name: z.optional(name),
  ...fields,
  // Clients send the id in the body as well; the one in the path counts.
  id: z.optional(z.unknown()),
});

const choices = z.array(z.strictObject({ id: z.string(), subscription: z.enum(subscriptions) }));

/** The body of `PATCH /contacts/{contact}/topics`, whose other form is the bare array. */
export const setTopicsSchema = z.strictObject({ topics: choices });
