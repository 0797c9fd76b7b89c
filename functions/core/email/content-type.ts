import { hasLongBlanks } from './headers.ts';

/** A media type of RFC 2045 5.1, with parameters in printable ASCII. */
const MEDIA_TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+\s*(?:;[ -~]*)?$/;

/** True for a media type that an attachment can have; `multipart/…` would break the parts of the message. */
export function isFileType(text: string): boolean {
  return MEDIA_TYPE.test(text) && !hasLongBlanks(text) && !/^multipart\//i.test(text);
}
