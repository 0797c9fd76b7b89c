import { timelineOf as shownTimeline } from '../../../../../functions/core/email/timeline.ts';
import { SendoffError, unavailable } from '../../../../../functions/core/errors.ts';
import type { Delivery } from '../../../../../functions/core/ports/broker.ts';
import type { Simulation } from '../../../../helpers/sending-simulation.ts';

/** An answer of SES that is worth another attempt. */
export const failing = () => {
  throw unavailable('Amazon SES did not answer');
};
/** The fault of an email: a file that it names cannot be fetched. */
export const faulty = () => {
  throw new SendoffError('invalid_attachment', 503, 'Attachment: example.com answered 500', { retryable: true });
};
/** SES refuses the email for good. */
export const rejected = () => {
  throw new SendoffError('validation_error', 422, 'Amazon SES refused the email: not verified');
};
/** The events of an email as they are shown, each with its count. */
export const timelineOf = async ({ record }: Simulation, id: string) =>
  shownTimeline(await record(id)).map(({ event, count }) => (count === undefined ? event : `${event} ${count}`));
/** The next delivery of the queue. */
export const received = async ({ backend }: Simulation): Promise<Delivery> => {
  const [delivery] = await backend.receive();
  if (!delivery) throw new Error('nothing was received');
  return delivery;
};
