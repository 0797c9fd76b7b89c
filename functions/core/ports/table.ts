/** A value a document's field can hold: JSON, with `undefined` meaning "no such field". */
export type FieldValue =
  | string
  | number
  | boolean
  | null
  | readonly FieldValue[]
  | { readonly [key: string]: FieldValue | undefined };

/** A document: named fields with JSON values. Times are epoch milliseconds, so that both backends compare them alike. */
export type Document = { readonly [field: string]: FieldValue | undefined };

/** The position of a document in an index: the documents of one partition are in byte order of `sort`. */
export interface IndexEntry {
  readonly partition: string;
  readonly sort: string;
}

/** The two indexes: `list` for listings that people page through, `due` for documents to be examined at a certain time. */
export type IndexName = 'list' | 'due';

/** A test of one field: equal to a scalar, one of several, a number in a range (`between` includes both ends), present or absent. */
export type FieldTest =
  | string
  | number
  | boolean
  | { readonly in: readonly (string | number)[] }
  | { readonly below: number }
  | { readonly atMost: number }
  | { readonly between: readonly [least: number, most: number] }
  | { readonly exists: boolean };

/** Holds when every named field passes its test. */
export type Condition = { readonly [field: string]: FieldTest };

/**
 * A change of one document: fields to set or remove, numbers to add to, lists to append to, and index entries to move (null: to
 * remove). It names a field once.
 */
export interface Change {
  readonly set?: Document;
  readonly remove?: readonly string[];
  /** Numbers to add to number fields; a missing field counts as 0. */
  readonly add?: { readonly [field: string]: number };
  /** Values to append to list fields; a missing list is created. */
  readonly append?: { readonly [field: string]: readonly FieldValue[] };
  readonly list?: IndexEntry | null;
  readonly due?: IndexEntry | null;
  readonly expiresAtMs?: number;
}

/** The outcome of a conditional write; `document` is the document after it, or the one that it was not applied to. */
export interface WriteOutcome<T extends Document = Document> {
  readonly applied: boolean;
  readonly document: T | undefined;
}

/** A document to insert. */
export interface NewDocument {
  readonly key: string;
  readonly fields: Document;
  readonly list?: IndexEntry;
  readonly due?: IndexEntry;
  /** When the document expires: it cannot be read after that. */
  readonly expiresAtMs?: number;
}

export interface Query {
  readonly index: IndexName;
  readonly partition: string;
  /** 1 or more. */
  readonly limit: number;
  readonly order: 'ascending' | 'descending';
  /** Only entries that come after this sort value, in the query's order (exclusive). */
  readonly after?: string;
  /** Only entries up to this sort value, in the query's order (exclusive). */
  readonly before?: string;
  /** Only entries of this part of the partition, one of `Table.parts`. */
  readonly part?: number;
}

/** An entry of an index: the key of a document, and its position. */
export interface Entry {
  readonly key: string;
  readonly sort: string;
}

export interface ReadOptions {
  /**
   * A document may be answered as it was a moment ago, or be missing although it was just inserted. On DynamoDB such a read costs half.
   * Only where the next step is a conditional write, or where a moment makes no difference.
   */
  readonly mayLag?: boolean;
}

/** The documents. Reads see every write that was answered before them, unless they may lag; index queries may lag by a moment. */
export interface Table {
  get<T extends Document>(key: string): Promise<T | undefined>;
  /** In the order of the keys; undefined where there is none. */
  getMany<T extends Document>(keys: readonly string[], options?: ReadOptions): Promise<(T | undefined)[]>;
  /** Inserts the document if there is none with its key; otherwise answers the existing one. */
  insert<T extends Document>(document: NewDocument): Promise<WriteOutcome<T>>;
  /** Changes the document if it exists and one of the conditions holds; without conditions, if it exists. */
  update<T extends Document>(key: string, change: Change, anyOf?: readonly Condition[]): Promise<WriteOutcome<T>>;
  /** Deletes the document if one of the conditions holds; answers whether it was deleted. */
  delete(key: string, anyOf?: readonly Condition[]): Promise<boolean>;
  query(query: Query): Promise<Entry[]>;
  /**
   * The parts that a partition of an index is stored in, which can be read side by side: each entry is in one of them. At least
   * one.
   */
  parts(index: IndexName, partition: string): Promise<readonly number[]>;
}
