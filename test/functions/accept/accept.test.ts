import { afterEach, describe, expect, expectTypeOf, it, vi } from 'vitest';
import type * as z from 'zod/mini';
import { type AttachmentInput, acceptEmail, acceptEmails, type EmailInput } from '../../../functions/accept/accept.ts';
import type { attachmentSchema, emailSchema } from '../../../functions/core/email/schema.ts';
import { queueNames, queueUrlVariable } from '../../../functions/core/queues.ts';
import { connection } from '../../../functions/runtime/accept/connection.ts';
import { toRequest } from '../../../functions/runtime/accept/request.ts';

const email: EmailInput = { from: 'a@example.com', to: 'b@example.com', subject: 'Hello', text: 'Hello' };

describe('accepting without the environment of a Sendoff construct', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('names the variable that is missing and where it comes from, and tries again at the next call', async () => {
    const calls = [() => acceptEmail(email), () => acceptEmails([email])];
    for (const call of calls)
      await expect(call()).rejects.toThrow(/variable SENDOFF_DEPLOYMENT is not set.*`acceptEnvironment`/);
    vi.stubEnv('SENDOFF_DEPLOYMENT', 'Shop');
    // A variable of the user's own.
    vi.stubEnv('TABLE_NAME', 'Orders');
    for (const call of calls) await expect(call()).rejects.toThrow('TABLE_NAME');
    vi.stubEnv('SENDOFF_REDIS_NAMESPACE', 'Shop');
    // The client would otherwise take the calling function for the consumer and invoke it.
    vi.stubEnv('AWS_LAMBDA_FUNCTION_NAME', 'Shop');
    for (const call of calls) await expect(call()).rejects.toThrow('CONSUMER_FUNCTION');
  });
});

describe('the connection', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is made once for all calls of a process', async () => {
    for (const name of ['DEPLOYMENT', 'TABLE_NAME', 'BODY_BUCKET', ...queueNames.map(queueUrlVariable)])
      vi.stubEnv(`SENDOFF_${name}`, 'x');
    vi.stubEnv('SENDOFF_RETENTION_DAYS', '30');
    const [first, second] = [connection(), connection()];
    expect(second).toBe(first);
    await first;
    vi.unstubAllEnvs();
    expect(await connection()).toBe(await first);
  });
});

describe('the input', () => {
  it('has the fields of the wire, but for those that are not supported and second names', () => {
    type Wire = z.input<typeof emailSchema>;
    expectTypeOf<keyof EmailInput>().toEqualTypeOf<Exclude<keyof Wire, 'topic_id'>>();
    type File = z.input<typeof attachmentSchema>;
    expectTypeOf<keyof AttachmentInput>().toEqualTypeOf<Exclude<keyof File, 'contentType' | 'inline_content_id'>>();
  });

  it('becomes the JSON that the API would be sent', () => {
    expect(toRequest(email)).toEqual({ payload: JSON.stringify(email), value: email });
    expect(toRequest([email, email])).toEqual({ payload: JSON.stringify([email, email]), value: [email, email] });
    expect(toRequest({ ...email, html: undefined }).value).toEqual(email);
    expect(toRequest(undefined)).toEqual({ payload: 'null', value: null });
  });

  it('may hold bytes as any kind of Uint8Array, a part of a larger buffer included', () => {
    const part = new Uint8Array([0, 1, 2, 255, 0]).subarray(1, 4);
    const files = [{ content: part }, { content: Buffer.from(part) }, { content: 'AQL/' }];
    const { value } = toRequest({ ...email, attachments: files }) as { value: { attachments: unknown[] } };
    expect(value.attachments).toEqual([{ content: 'AQL/' }, { content: 'AQL/' }, { content: 'AQL/' }]);
  });

  it('is refused with a 422 if it cannot be written as JSON', () => {
    const circular: Record<string, unknown> = { ...email };
    circular.self = circular;
    for (const odd of [circular, { ...email, subject: 1n }])
      expect(() => toRequest(odd)).toThrow(expect.objectContaining({ code: 'invalid_parameter', status: 422 }));
  });
});
