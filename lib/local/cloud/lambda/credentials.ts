import { createHash } from 'node:crypto';

/** Keys of a function: the same at every start, since clients may keep them. */
export function functionCredentials(logicalId: string): { accessKeyId: string; secretAccessKey: string } {
  const digest = createHash('sha256').update(logicalId).digest('hex').toUpperCase();
  return { accessKeyId: `ASIA${digest.slice(0, 16)}`, secretAccessKey: digest.slice(16, 56) };
}
