import type { Document } from '../ports/table.ts';

/** What a table stores, told apart by its keys: emails' records, their bodies, and all other documents. */
export type StoredKind = 'emails' | 'bodies' | 'others';

/** A document as it is stored, whether a version of Sendoff can read it or not. */
export interface StoredDocument {
  readonly key: string;
  /** Absent when what is stored is no document, and for bodies, of which the keys alone are read. */
  readonly fields?: Document;
  /** What is stored where `fields` is absent. */
  readonly text?: string;
  /** True when its time is over and it is still stored: no reader sees it any more. */
  readonly expired: boolean;
}

/** A table from its first document to its last: for operators alone, as it costs by all that is stored. */
export interface DocumentScan {
  /**
   * Everything of a kind, in any order and perhaps more than once; of what is written meanwhile some. A document that
   * cannot be read is answered as text, and never ends the scan.
   */
  pages(kind: StoredKind): AsyncIterable<readonly StoredDocument[]>;
  /** Deletes what is stored under the key, whatever it is; if it was expired, only as long as nothing took its place. */
  delete(document: Pick<StoredDocument, 'key' | 'expired'>): Promise<void>;
}

export const EMAIL_PREFIX = 'email#';
export const BODY_PREFIX = 'body#';
