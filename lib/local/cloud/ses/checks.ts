import { bareAddress, splitAddressList } from './address.ts';
import { invalidParameter, missingParameter } from './api/ses-error.ts';
import { headerValue, type RawHeader } from './raw-headers.ts';

/** Largest message of SES v1: 10 MiB of MIME after base64 decoding. */
const MAX_RAW_BYTES = 10_485_760;
const MAX_RECIPIENTS = 50;
/** Message tags: https://docs.aws.amazon.com/ses/latest/APIReference/API_MessageTag.html */
const MAX_TAG_CHARACTERS = 256;

/** Decodes `RawMessage.Data` to one character a byte; refuses a missing or too long value. */
export function decodeRaw(data: string | null): string {
  if (!data) throw missingParameter('rawMessage.data');
  const bytes = Buffer.from(data, 'base64');
  if (bytes.length > MAX_RAW_BYTES) {
    throw invalidParameter(`Message length is more than ${MAX_RAW_BYTES} bytes long: '${bytes.length}'.`);
  }
  return bytes.toString('latin1');
}

/** The bare recipient addresses: `Destinations` or, without it, the To, Cc and Bcc headers. */
export function checkRecipients(destinations: string[], headers: RawHeader[]): string[] {
  const texts = destinations.length > 0 ? destinations : headerRecipients(headers);
  if (texts.length > MAX_RECIPIENTS) throw invalidParameter(`Recipient count exceeds ${MAX_RECIPIENTS}.`);
  return texts.map(bareAddress);
}

function headerRecipients(headers: RawHeader[]): string[] {
  const texts = ['To', 'Cc', 'Bcc'].flatMap((name) => splitAddressList(headerValue(headers, name) ?? ''));
  if (texts.length === 0) throw invalidParameter("Missing required header 'To'.");
  return texts;
}

/** The senders SES verifies, the envelope's first: `Source`, then the From header. One of the two must be there. */
export function checkSource(source: string | null, headers: RawHeader[]) {
  const from = splitAddressList(headerValue(headers, 'From') ?? '');
  const texts = source ? [source, ...from] : from;
  const [first, ...others] = texts.map((text) => ({ text, address: bareAddress(text) }));
  if (!first) throw invalidParameter("Missing required header 'From'.");
  return { from: first.address, senders: [first, ...others] };
}

/** Message tags as an object; names and values that SES refuses are refused with its message. `ses:` names are reserved. */
export function checkTags(tags: { name: string; value: string }[]): Record<string, string> {
  for (const { name, value } of tags) {
    checkTagText('name', name);
    checkTagText('value', value);
  }
  return Object.fromEntries(tags.map(({ name, value }) => [name, value]));
}

function checkTagText(part: 'name' | 'value', text: string): void {
  if (text === '') throw invalidParameter(`The tag ${part} must be specified.`);
  if (text.length > MAX_TAG_CHARACTERS) {
    throw invalidParameter(`Tag ${part} cannot exceed ${MAX_TAG_CHARACTERS} characters.`);
  }
  if (!/^[A-Za-z0-9_-]+$/.test(text)) {
    throw invalidParameter(
      `Invalid tag ${part} <${text}>: only alphanumeric ASCII characters, '_', and '-' are allowed.`,
    );
  }
}
