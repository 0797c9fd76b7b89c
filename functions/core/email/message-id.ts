/**
 * The Message-ID header SES gives a message, from its id; SES completes ids so, and us-east-1 is the exception. Empty
 * before SES has taken it: typed clients require text.
 */
export function messageIdHeader(messageId: string | undefined, region: string): string {
  if (messageId === undefined) return '';
  return `<${messageId}@${region === 'us-east-1' ? 'email' : region}.amazonses.com>`;
}
