import type { Context } from 'hono';
import { SendoffError } from '../core/errors.ts';

/** Half of a surrogate pair, escaped: no character, and no database takes it. */
const LONE_SURROGATE =
  /\\u[dD][89a-bA-B][\da-fA-F]{2}(?!\\u[dD][c-fC-F])|(?<!\\u[dD][89a-bA-B][\da-fA-F]{2})\\u[dD][c-fC-F]/;

/** Reads the request's body as JSON; throws a 400 for anything else. What is no character in it becomes U+FFFD. */
export async function readJson(context: Context): Promise<{ payload: string; value: unknown }> {
  const payload = await context.req.text();
  if (payload.trim() === '')
    throw new SendoffError('validation_error', 400, 'The request body is empty; it must be JSON');
  try {
    return { payload, value: JSON.parse(payload, LONE_SURROGATE.test(payload) ? wellFormed : undefined) };
  } catch (cause) {
    throw new SendoffError('validation_error', 400, 'The request body is not valid JSON', { cause });
  }
}

const wellFormed = (_name: string, value: unknown): unknown =>
  typeof value === 'string' ? value.toWellFormed() : value;
