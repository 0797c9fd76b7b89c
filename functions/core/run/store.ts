import type { Page, PageRequest } from '../document/list.ts';
import type { BodyStore } from '../ports/bodies.ts';
import type { Table } from '../ports/table.ts';
import type { Json, RunRecord, RunStatus, StoredJson } from './run.ts';

/** Reads a run; undefined if there is none, or it has expired. */
export async function readRun(_table: Pick<Table, 'get'>, _id: string): Promise<RunRecord | undefined> {
  throw new Error('to come');
}

/** The value that is kept as text or as a body; undefined if there is none, or its body has expired. */
export async function readJson(
  _stored: StoredJson | undefined,
  _bodies: Pick<BodyStore, 'get'>,
): Promise<Json | undefined> {
  throw new Error('to come');
}

export interface RunFilter extends PageRequest {
  /** The tasks whose runs are listed, 1 or more: one, or all of the manifest. */
  readonly tasks: readonly string[];
  readonly status?: RunStatus | undefined;
}

/** A page of runs, newest first. */
export async function listRuns(_table: Table, _filter: RunFilter): Promise<Page<RunRecord>> {
  throw new Error('to come');
}
