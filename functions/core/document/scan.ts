import type { Document } from '../ports/table.ts';

/** The kinds of stored documents, by their keys: records of emails, bodies, and all others. */
export type StoredKind = 'emails' | 'bodies' | 'others';

/** A document as it is stored, readable or not. */
export interface StoredDocument {
  readonly key: string;
  /** Absent for bodies, of which only the keys are read, and for a value that is no document. */
  readonly fields?: Document;
  /** The stored value if it is no document. */
  readonly text?: string;
  /** True when it has expired but is still stored; other readers do not see it. */
  readonly expired: boolean;
}

/** Reads a whole table. Only for operators, as the cost grows with everything that is stored. */
export interface DocumentScan {
  /**
   * All documents of a kind, in any order, some perhaps twice; documents written meanwhile may be missing. A document that
   * cannot be read is answered as text and does not end the scan.
   */
  pages(kind: StoredKind): AsyncIterable<readonly StoredDocument[]>;
  /** Deletes the document with this key; if it was expired, only unless another one has taken its place. */
  delete(document: Pick<StoredDocument, 'key' | 'expired'>): Promise<void>;
}

export const EMAIL_PREFIX = 'email#';
export const BODY_PREFIX = 'body#';
