import { domainOf, splitAddressList } from '../address.ts';
import type { SesMessage } from '../message.ts';
import { headerValue, type RawHeader } from '../raw-headers.ts';

/** SES cuts the headers in its events at 10 KB and says so. */
const MAX_HEADER_CHARACTERS = 10 * 1024;

/** The account as an event names it. */
export type EventSource = { region: string; accountId: string };

/**
 * The `mail` object every event of a message carries. Header values are as submitted (encoded words stay encoded);
 * only `commonHeaders.messageId` is SES's own id.
 */
export function eventMail(message: SesMessage, headers: RawHeader[], { region, accountId }: EventSource) {
  const { kept, headersTruncated } = truncated(headers);
  return {
    timestamp: new Date(message.sentAtMs).toISOString(),
    source: message.envelope.from,
    sourceArn: `arn:aws:ses:${region}:${accountId}:identity/${domainOf(message.envelope.from)}`,
    sendingAccountId: accountId,
    messageId: message.messageId,
    destination: message.envelope.to,
    headersTruncated,
    headers: kept,
    commonHeaders: commonHeaders(message.messageId, headers),
    tags: eventTags(message),
  };
}

function truncated(headers: RawHeader[]): { kept: RawHeader[]; headersTruncated: boolean } {
  let characters = 0;
  const cut = headers.findIndex(({ name, value }) => {
    characters += name.length + value.length;
    return characters > MAX_HEADER_CHARACTERS;
  });
  return cut === -1
    ? { kept: headers, headersTruncated: false }
    : { kept: headers.slice(0, cut), headersTruncated: true };
}

function commonHeaders(messageId: string, headers: RawHeader[]): Record<string, string | string[]> {
  const common: Record<string, string | string[]> = {};
  for (const [key, header] of addressHeaders) {
    const value = headerValue(headers, header);
    if (value !== undefined) common[key] = splitAddressList(value);
  }
  for (const [key, header] of textHeaders) {
    const value = headerValue(headers, header);
    if (value !== undefined) common[key] = value;
  }
  return { ...common, messageId };
}

const addressHeaders = [
  ['from', 'From'],
  ['replyTo', 'Reply-To'],
  ['to', 'To'],
  ['cc', 'Cc'],
  ['bcc', 'Bcc'],
] as const;

const textHeaders = [
  ['returnPath', 'Return-Path'],
  ['date', 'Date'],
  ['subject', 'Subject'],
] as const;

/** SES's own tags and the message's, each a list. */
function eventTags({ tags, configurationSet, envelope, caller }: SesMessage): Record<string, string[]> {
  return {
    'ses:operation': ['SendRawEmail'],
    ...(configurationSet && { 'ses:configuration-set': [configurationSet] }),
    'ses:source-ip': ['127.0.0.1'],
    'ses:from-domain': [domainOf(envelope.from)],
    'ses:caller-identity': [caller ?? 'local'],
    ...Object.fromEntries(Object.entries(tags).map(([name, value]) => [name, [value]])),
  };
}
