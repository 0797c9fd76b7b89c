/** The Message-ID header SES gives a message, from its id; SES completes ids so, and us-east-1 is the exception. */
export function messageIdHeader(messageId: string, region: string): string {
  return `<${messageId}@${region === 'us-east-1' ? 'email' : region}.amazonses.com>`;
}
