import type { Request } from './request.ts';

/** Repeats a request until it is answered with 2xx, as a client does: the machine is busy starting workers. Answers the ids. */
export async function acceptBatch(request: Request, emails: readonly object[], key: string): Promise<string[]> {
  for (let tries = 0; tries < 10; tries++) {
    const { json } = await request('POST', '/emails/batch', emails, { 'idempotency-key': key });
    if (json.data) return json.data.map(({ id }: { id: string }) => id);
  }
  throw new Error('the API did not accept a batch in ten tries');
}
