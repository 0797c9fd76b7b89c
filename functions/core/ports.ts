/** What the core needs from outside. Each port has one contract suite (test/contracts) run on every adapter. */

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

/**
 * The queues. `bulk` exists so that bulk never delays transactional mail; `webhook`, so that no endpoint delays any mail;
 * `webhook-slow`, so that an endpoint that does not answer delays only others of its kind.
 */
export const queueNames = ['transactional', 'bulk', 'webhook', 'webhook-slow'] as const;
export type QueueName = (typeof queueNames)[number];

/** One call of a task as it travels on a queue: ids and small values, never bodies. */
export interface Job {
  readonly task: string;
  readonly args: FieldValue;
  /** 1 for the first try. */
  readonly attempt: number;
  /** Not to be run before this time; a broker whose delays are shorter delivers early and the worker sends it on. */
  readonly dueAtMs?: number;
  /** Not to be run after this time. */
  readonly expiresAtMs?: number;
}

export interface OutgoingJob {
  readonly queue: QueueName;
  readonly job: Job;
}

/** Where jobs wait. */
export interface Broker {
  /** Resolves when every job is durable; rejects (retryable) when any is not — the others may be. */
  send(jobs: readonly OutgoingJob[]): Promise<void>;
}

/** A job as it arrived, not yet trusted. */
export interface Delivery {
  /** What the broker acknowledges by. */
  readonly id: string;
  readonly body: string;
  readonly queue: QueueName;
}

/** Bytes kept beside a record: written once, read once by the sender. */
export interface BodyStore {
  put(key: string, bytes: Uint8Array, expiresAtMs: number): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  delete(key: string): Promise<void>;
}

/** What is made durable when an email is accepted. */
export interface Submission {
  readonly record: NewDocument;
  readonly body: { readonly key: string; readonly bytes: Uint8Array };
  /** Absent when the email is due later than the broker can delay. */
  readonly job?: OutgoingJob;
  /** False when no one else can know this record's key, so that a failed submission may be taken back. */
  readonly repeatable: boolean;
}

/** A broker and a table that belong together. */
export interface Backend {
  readonly table: Table;
  readonly bodies: BodyStore;
  readonly broker: Broker;
  /** Jobs due within this many ms are given to the broker at once; later ones wait in the `due` index. */
  readonly delayHorizonMs: number;
  /**
   * Makes records, bodies and jobs durable in one network round trip; one outcome a submission, in order.
   * Rejects (retryable) unless everything is durable; nothing of it may then be answered 2xx.
   */
  submit(submissions: readonly Submission[]): Promise<WriteOutcome[]>;
  /**
   * Changes a document as the table does and, if that applied, gives the broker its job. On Redis one step; elsewhere the job
   * comes second, and whoever dies in between leaves it to the `due` index, or to a caller who was told nothing and repeats.
   */
  updateAndSend<T extends Document>(
    key: string,
    change: Change,
    anyOf: readonly Condition[],
    job: OutgoingJob,
  ): Promise<WriteOutcome<T>>;
}

/** A message ready to leave. */
export interface OutgoingMessage {
  readonly emailId: string;
  /** Envelope sender and From address, ASCII. */
  readonly from: string;
  /** Envelope recipients, 1 to 50. */
  readonly destinations: readonly string[];
  /** MIME, at most 10 MB. */
  readonly raw: Uint8Array;
  readonly tags: readonly { readonly name: string; readonly value: string }[];
}

/** Where messages leave. */
export interface Mailer {
  /** Resolves to the provider's message id; rejects with a SendoffError whose `retryable` says if a later try can help. */
  send(message: OutgoingMessage): Promise<string>;
}

export interface Logger {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** What is counted of emails. */
export type EmailCount = 'accepted' | 'sent' | 'failed' | 'retried' | 'handedOver' | 'requeued';

/** Numbers for the operator, by queue; never anything of one email. */
export interface Metrics {
  /** Adds `times` (one if absent) to a count. */
  count(what: EmailCount, queue: QueueName, times?: number): void;
  /** How long an email took from when it was accepted, or due if that was later, until it was sent; in ms. */
  sendLatency(queue: QueueName, ms: number): void;
}

/** Ids, counts and errors; never addresses, subjects or bodies. */
export type LogFields = { readonly [name: string]: unknown };
