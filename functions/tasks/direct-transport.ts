import type { Transport } from './transport.ts';

/** Calls tasks without HTTP, from a function that has `grantAccept`. */
export async function createDirectTransport(): Promise<Transport> {
  throw new Error('to come');
}
