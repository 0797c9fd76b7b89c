import { hasLongBlanks } from './headers.ts';

/** RFC 2045 5.1, parameters in printable ASCII. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(?:;[ -~]*)?$/;

/** True for a media type a file can have in a message; `multipart/…` would break the message's own parts. */
export function isFileType(text: string): boolean {
  return MEDIA_TYPE.test(text) && !hasLongBlanks(text) && !/^multipart\//i.test(text);
}
