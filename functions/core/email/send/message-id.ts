/**
 * The Message-ID header that SES gives a message: its id and a domain of the region, which in us-east-1 is an exception.
 * Empty before SES has taken the message: typed clients require a string.
 */
export function messageIdHeader(messageId: string | undefined, region: string): string {
  if (messageId === undefined) return '';
  return `<${messageId}@${region === 'us-east-1' ? 'email' : region}.amazonses.com>`;
}
