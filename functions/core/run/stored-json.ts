import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import type { BodyStore } from '../ports/bodies.ts';
import { type Json, runBodyKey, type StoredJson } from './run.ts';

/**
 * Larger values are bodies: each change of a record costs DynamoDB a write unit per KB of it, and a run has at least three.
 */
export const INLINE_BYTES = 2 * 1024;

/** A value on its way into a record: `body` is to be stored before it, or with it. */
export interface JsonToStore {
  readonly stored: StoredJson;
  readonly body?: { readonly key: string; readonly bytes: Uint8Array };
}

/** Where JSON text is stored: on the record, or in the body of this part of the run. */
export function toStore(json: string, runId: string, part: string, inlineBytes = INLINE_BYTES): JsonToStore {
  if (Buffer.byteLength(json) <= inlineBytes) return { stored: { json } };
  const key = runBodyKey(runId, part);
  const bytes = brotliCompressSync(json, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
  return { stored: { body: key }, body: { key, bytes } };
}

/** The JSON text; undefined if its body has expired. */
export async function readText(stored: StoredJson, bodies: Pick<BodyStore, 'get'>): Promise<string | undefined> {
  if ('json' in stored) return stored.json;
  const bytes = await bodies.get(stored.body);
  return bytes && brotliDecompressSync(bytes).toString();
}

/** The value that is kept as text or as a body; undefined if there is none, or its body has expired. */
export async function readJson(
  stored: StoredJson | undefined,
  bodies: Pick<BodyStore, 'get'>,
): Promise<Json | undefined> {
  const text = stored && (await readText(stored, bodies));
  return text === undefined ? undefined : JSON.parse(text);
}
