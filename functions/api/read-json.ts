import type { Context } from 'hono';
import { SendoffError } from '../core/errors.ts';

/** Reads the request's body as JSON; throws a 400 for anything else. */
export async function readJson(context: Context): Promise<{ payload: string; value: unknown }> {
  const payload = await context.req.text();
  if (payload.trim() === '')
    throw new SendoffError('validation_error', 400, 'The request body is empty; it must be JSON');
  try {
    return { payload, value: JSON.parse(payload) };
  } catch (cause) {
    throw new SendoffError('validation_error', 400, 'The request body is not valid JSON', { cause });
  }
}

/** The same for a request that needs no body: clients send none, or `{}`. */
export async function readOptionalJson(context: Context): Promise<{ payload: string; value: unknown }> {
  return (await context.req.text()).trim() === '' ? { payload: '', value: {} } : readJson(context);
}
