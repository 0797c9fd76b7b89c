import type { Transport } from './transport.ts';

/** Calls tasks by the HTTP API. Built with the routes. */
export function createHttpTransport(_options: { readonly url: string; readonly apiKey: string }): Transport {
  throw new Error('to come');
}
