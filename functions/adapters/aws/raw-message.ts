import type { SendRawEmailCommandInput } from '@aws-sdk/client-ses';

/** A multiple of three bytes, so that the base64 of the parts is that of the whole. */
const PART_BYTES = 3 * 16_384;

const ESCAPES: Readonly<Record<string, string>> = { '+': '%2B', '/': '%2F', '=': '%3D' };

/** The parameter in the body of a request to SES, as the SDK writes it for an empty message. */
const PARAMETER = 'RawMessage.Data=';

/** The part of an SDK client's middleware that is used here. */
type Serialized = { input: SendRawEmailCommandInput; request: unknown };
type Step<Result> = (args: Serialized) => Promise<Result>;

/**
 * A middleware that writes a message into the request of a command with an empty one. The SDK itself would encode it as several
 * strings of 14 MB each for a message of 10 MB; here it is one buffer.
 */
export function writeRawMessage(raw: Uint8Array) {
  return <Result>(next: Step<Result>): Step<Result> =>
    (args) => {
      const request = args.request as { body: string };
      const end = request.body.indexOf(PARAMETER) + PARAMETER.length;
      const body = withBase64(request.body.slice(0, end), raw, request.body.slice(end));
      return next({ ...args, request: Object.assign(request, { body }) });
    };
}

/** The text before, the bytes as base64 for a form, and the text after. */
function withBase64(before: string, raw: Uint8Array, after: string): Buffer {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
  let length = before.length + after.length;
  for (const part of encodedParts(bytes)) length += part.length;
  const body = Buffer.allocUnsafe(length);
  let at = body.write(before, 'latin1');
  for (const part of encodedParts(bytes)) at += body.write(part, at, 'latin1');
  body.write(after, at, 'latin1');
  return body;
}

function* encodedParts(bytes: Buffer): Generator<string> {
  for (let start = 0; start < bytes.length; start += PART_BYTES)
    yield bytes
      .toString('base64', start, start + PART_BYTES)
      .replace(/[+/=]/g, (character) => ESCAPES[character] ?? '');
}
