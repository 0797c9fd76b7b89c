import { timeSort } from '../../document/time-sort.ts';
import { derivedId } from '../../ids.ts';
import type { IndexEntry } from '../../ports/table.ts';
import type { Subscription } from '../topic.ts';
import type { CsvPosition, Delimiter } from './csv.ts';

export const importStatuses = ['queued', 'in_progress', 'completed', 'failed'] as const;
export type ImportStatus = (typeof importStatuses)[number];

/** Rows by what became of them; `total` is the number of rows in the file. */
export type ImportCounts = {
  readonly total: number;
  readonly created: number;
  readonly updated: number;
  /** Contacts that existed (with the rule `skip`), and rows with an address that an earlier row of the file has. */
  readonly skipped: number;
  readonly failed: number;
};

/** A row that was not imported. The reason holds no personal data. */
export type ImportError = { readonly line: number; readonly reason: string };

export const valueTypes = ['string', 'number', 'boolean'] as const;
/** The types of a property's cells; booleans are stored as the text `true` or `false`. */
export type ValueType = (typeof valueTypes)[number];

/** The columns of a contact's fields; 0 is the first one. */
export type ImportColumns = {
  readonly delimiter: Delimiter;
  readonly count: number;
  readonly email: number;
  readonly firstName?: number;
  readonly lastName?: number;
  readonly unsubscribed?: number;
  readonly properties: readonly { readonly key: string; readonly type: ValueType; readonly column: number }[];
};

/** An import of contacts. Times are epoch ms. */
export type ContactImport = {
  readonly id: string;
  /** The hash of the file and the options: a repeated request has the same. */
  readonly fingerprint: string;
  readonly status: ImportStatus;
  readonly counts: ImportCounts;
  /** The first ones. */
  readonly errors: readonly ImportError[];
  readonly columns: ImportColumns;
  readonly onConflict: 'upsert' | 'skip';
  readonly segments: readonly string[];
  readonly topics: { readonly [topicId: string]: Subscription };
  /** The row at which the next batch begins. */
  readonly cursor: CsvPosition;
  /** The number of batches that are done. */
  readonly step: number;
  /** The batch that `unknown` is about. */
  readonly planned: number;
  /**
   * The contacts of a batch that did not exist before its first try, as a bitmap in base64. A repeated batch finds the contacts that
   * its first try created, and counts them as created.
   */
  readonly unknown?: string;
  /** True if a batch was repeated: after a crash the members of its segments may not be counted. */
  readonly repeated?: boolean;
  readonly createdAtMs: number;
  readonly completedAtMs?: number;
};

export const importLimits = {
  /** API Gateway passes a file to Lambda as base64, and Lambda takes events of 6 MB. */
  fileBytes: 4 * 1024 * 1024,
  rows: 100_000,
  errors: 100,
} as const;

export const IMPORT_PARTITION = 'contact-import';
export const importKey = (id: string): string => `contact-import#${id}`;
export const importEntry = ({ id, createdAtMs }: Pick<ContactImport, 'id' | 'createdAtMs'>): IndexEntry => ({
  partition: IMPORT_PARTITION,
  sort: timeSort(createdAtMs, id),
});
/** The id of the import with an idempotency key. Each reuse of the key is a new generation. */
export const keyedImportId = (idempotencyKey: string, generation: number): string =>
  derivedId('contact-import', idempotencyKey, String(generation));

/** The key of the file among the bodies. */
export const fileKey = ({ id, fingerprint }: Pick<ContactImport, 'id' | 'fingerprint'>): string =>
  `body#${id}#${fingerprint.slice(0, 16)}`;

/** True if nothing of the import is left to do. */
export const isEnded = ({ status }: Pick<ContactImport, 'status'>): boolean =>
  status === 'completed' || status === 'failed';
