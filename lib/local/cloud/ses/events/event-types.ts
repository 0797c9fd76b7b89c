/** The events SES publishes for a send, as they are named in this emulator. */
export const eventTypes = [
  'Send',
  'Reject',
  'Delivery',
  'Bounce',
  'Complaint',
  'DeliveryDelay',
  'Open',
  'Click',
  'RenderingFailure',
  'Subscription',
] as const;

/** One of the events SES publishes. */
export type EventType = (typeof eventTypes)[number];

const byPlainName = new Map(eventTypes.map((type) => [type.toLowerCase(), type]));

/**
 * Reads an event type in any of AWS's spellings: `renderingFailure` (CloudFormation, v1), `RENDERING_FAILURE` (v2),
 * `Rendering Failure` (the event itself). Throws on an unknown one.
 */
export function parseEventType(text: string): EventType {
  const type = byPlainName.get(text.replaceAll(/[_ ]/g, '').toLowerCase());
  if (!type) throw new Error(`unknown SES event type "${text}"; known: ${eventTypes.join(', ')}`);
  return type;
}
