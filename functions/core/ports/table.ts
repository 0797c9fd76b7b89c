/** A value a document's field can hold: JSON, with `undefined` meaning "no such field". */
export type FieldValue =
  | string
  | number
  | boolean
  | null
  | readonly FieldValue[]
  | { readonly [key: string]: FieldValue | undefined };

/** A document: named fields, each a JSON value. Times in fields are epoch milliseconds, so both backends compare them alike. */
export type Document = { readonly [field: string]: FieldValue | undefined };

/** Where a document stands in an index: all documents of one partition, ordered by `sort` (byte order). */
export interface IndexEntry {
  readonly partition: string;
  readonly sort: string;
}

/** The two indexes: `list` is what people page through; `due` is what must be looked at when its time comes. */
export type IndexName = 'list' | 'due';

/** What one field must be: a scalar (equal), one of several, a number below or at most another, or (not) there. */
export type FieldTest =
  | string
  | number
  | boolean
  | { readonly in: readonly (string | number)[] }
  | { readonly below: number }
  | { readonly atMost: number }
  | { readonly exists: boolean };

/** All fields named must pass their test. */
export type Condition = { readonly [field: string]: FieldTest };

/** A change of one document: fields set, removed, or lists added to, and index entries moved (null: taken out). */
export interface Change {
  readonly set?: Document;
  readonly remove?: readonly string[];
  /** Values put at the end of list fields; a list that is not there yet is made. */
  readonly append?: { readonly [field: string]: readonly FieldValue[] };
  readonly list?: IndexEntry | null;
  readonly due?: IndexEntry | null;
  readonly expiresAtMs?: number;
}

/** How a conditional write ended; `document` is what stands there after it, or what stood in its way. */
export interface WriteOutcome<T extends Document = Document> {
  readonly applied: boolean;
  readonly document: T | undefined;
}

/** A document to be put where none is yet. */
export interface NewDocument {
  readonly key: string;
  readonly fields: Document;
  readonly list?: IndexEntry;
  readonly due?: IndexEntry;
  /** When the document goes away by itself; it is not readable after that moment. */
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
}

/** An entry of an index: which document, and where it stands. */
export interface Entry {
  readonly key: string;
  readonly sort: string;
}

/** Where documents live. Reads see every write answered before them; index queries may lag by a moment. */
export interface Table {
  get<T extends Document>(key: string): Promise<T | undefined>;
  /** In the order of the keys; undefined where there is none. */
  getMany<T extends Document>(keys: readonly string[]): Promise<(T | undefined)[]>;
  /** Puts the document if there is none with its key; otherwise answers the one that is there. */
  insert<T extends Document>(document: NewDocument): Promise<WriteOutcome<T>>;
  /** Changes the document if it is there and any one of the conditions holds (none given: it only must be there). */
  update<T extends Document>(key: string, change: Change, anyOf?: readonly Condition[]): Promise<WriteOutcome<T>>;
  /** Deletes the document if any one of the conditions holds; answers whether it was there and is gone. */
  delete(key: string, anyOf?: readonly Condition[]): Promise<boolean>;
  query(query: Query): Promise<Entry[]>;
}
