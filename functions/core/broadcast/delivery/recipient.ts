import { normalizeAddress } from '../../email/address.ts';
import type { EmailRecord } from '../../email/record.ts';
import { derivedId } from '../../ids.ts';
import type { Chunk, ChunkRecipient } from './chunk.ts';

/** The id of a recipient's email: a broadcast has one email for each contact or address, however often it is tried. */
export const emailIdOf = (broadcastId: string, recipient: ChunkRecipient): string =>
  derivedId('broadcast', broadcastId, typeof recipient === 'string' ? recipient : normalizeAddress(recipient.email));

/** False for the record of an address that got its email from another chunk of its list (`fingerprintOf` in send-to.ts). */
export const isOfChunk = ({ fingerprint }: Pick<EmailRecord, 'fingerprint'>, n: number): boolean =>
  !fingerprint.startsWith('chunk#') || fingerprint === `chunk#${n}`;

/** The positions of a chunk's recipients who got no email from it. */
export const skippedOf = ({ result }: Pick<Chunk, 'result'>): Set<number> =>
  new Set(Object.values(result?.skipped ?? {}).flat());
