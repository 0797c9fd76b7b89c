import type { CaseResult } from './run-client.ts';
import type { BackendName } from './running-sendoff.ts';

/** What became of one client on one backend, or of its build (`backend` is then missing). */
export interface Row {
  readonly client: string;
  readonly version: string;
  readonly backend?: BackendName;
  readonly results: readonly CaseResult[];
  /** The output of its program beside the cases. */
  readonly notes?: readonly string[];
  /** Why the client was not run. */
  readonly skipped?: string;
}

/** Each failed case, what the programs said, and the table: client × passed, failed, total, per backend. */
export function formatReport(rows: readonly Row[]): string {
  const cells = rows.map(({ client, version, backend = '-', results, skipped }) => {
    const passed = results.filter(({ ok }) => ok).length;
    const counts = skipped === undefined ? [passed, results.length - passed, results.length] : ['-', '-', 'skipped'];
    return [client, version, backend, ...counts.map(String)];
  });
  const lines = [['client', 'library', 'backend', 'passed', 'failed', 'total'], ...cells];
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  const table = lines.map((line) =>
    line.map((cell, column) => (column > 2 ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0))),
  );
  const notes = rows.flatMap(({ client, backend, notes = [] }) =>
    notes.map((note) => `${client} ${backend}: ${note.slice(2)}`),
  );
  return [...failures(rows), ...notes, '', ...table.map((line) => line.join('  '))].join('\n');
}

function failures(rows: readonly Row[]): string[] {
  return rows.flatMap(({ client, backend = '', results, skipped }) => [
    ...(skipped === undefined ? [] : [`SKIPPED ${client}: ${skipped}`]),
    ...results
      .filter(({ ok }) => !ok)
      .map((result) => `FAILED ${client} ${backend}: ${result.case}: ${result.error?.replaceAll(/\s+/g, ' ')}`),
  ]);
}

/** True when a case failed, or, where nothing may be skipped, a client was not run. */
export function hasFailed(rows: readonly Row[], maySkip: boolean): boolean {
  return rows.some(({ results, skipped }) => results.some(({ ok }) => !ok) || (skipped !== undefined && !maySkip));
}
