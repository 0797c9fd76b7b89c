import { normalizeAddress } from '../email/address.ts';
import { derivedId } from '../ids.ts';
import type { Chunk, ChunkRecipient } from './chunk.ts';

/** The id of a recipient's email: a broadcast has one email for each contact or address, however often it is tried. */
export const emailIdOf = (broadcastId: string, recipient: ChunkRecipient): string =>
  derivedId('broadcast', broadcastId, typeof recipient === 'string' ? recipient : normalizeAddress(recipient.email));

/** The positions of a chunk's recipients who got no email from it. */
export const skippedOf = ({ result }: Pick<Chunk, 'result'>): Set<number> =>
  new Set(Object.values(result?.skipped ?? {}).flat());
