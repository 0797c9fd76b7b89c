import type { BodyStore } from '../../core/ports/bodies.ts';
import type { RedisClient } from './client.ts';
import { deleteBody, get, putBody } from './operations.ts';
import { expiryOf } from './stored-document.ts';

/** Bytes as they are stored: the REST protocol carries text. */
export const encodeBody = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');

/** The body store on Redis: a string for each body, which expires. A request holds 10 MB, so a body has at most 7.5 MB. */
export function createRedisBodies({ keyOf, run }: RedisClient): BodyStore {
  return {
    put: async (key, bytes, expiresAtMs) => {
      await run(putBody({ key: keyOf(key), text: encodeBody(bytes), expires: expiryOf(expiresAtMs) }));
    },
    get: async (key) => {
      const text = await run(get(keyOf(key)));
      return typeof text === 'string' ? Buffer.from(text, 'base64') : undefined;
    },
    delete: async (key) => {
      await run(deleteBody(keyOf(key)));
    },
  };
}
