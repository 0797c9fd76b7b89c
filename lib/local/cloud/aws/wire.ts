import { randomUUID } from 'node:crypto';
import type { AwsAnswer } from './call.ts';

const xmlEscapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };

/** Escapes text for XML. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => xmlEscapes[character] ?? character);
}

/** An error of the awsJson protocols (DynamoDB, SQS). */
export function jsonError(
  status: number,
  type: string,
  message: string,
  headers: Record<string, string> = {},
): AwsAnswer {
  return {
    status,
    headers: { 'content-type': 'application/x-amz-json-1.0', ...headers },
    body: JSON.stringify({ __type: type, message, Message: message }),
  };
}

/** An error of the awsQuery protocol (SNS, SES v1). */
export function queryError(status: number, code: string, message: string): AwsAnswer {
  const fault = status < 500 ? 'Sender' : 'Receiver';
  const error = `<Error><Type>${fault}</Type><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message></Error>`;
  return {
    status,
    headers: { 'content-type': 'text/xml' },
    body: `<ErrorResponse>${error}<RequestId>${randomUUID()}</RequestId></ErrorResponse>`,
  };
}

/** An error of S3's REST protocol. */
export function s3Error(status: number, code: string, message: string): AwsAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${escapeXml(code)}</Code><Message>${escapeXml(message)}</Message><RequestId>${randomUUID()}</RequestId></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body };
}

/** Headers as strings, without those that describe the hop. */
export function plainHeaders(headers: Record<string, unknown>): Record<string, string> {
  const hop = ['connection', 'keep-alive', 'transfer-encoding', 'date'];
  const entries = Object.entries(headers).filter(([name, value]) => value !== undefined && !hop.includes(name));
  return Object.fromEntries(entries.map(([name, value]) => [name, String(value)]));
}
