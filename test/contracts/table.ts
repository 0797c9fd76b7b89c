import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import type { Table } from '../../functions/core/ports/table.ts';
import { documentContract } from './table-documents.ts';
import { indexContract } from './table-indexes.ts';
import { updateContract } from './table-updates.ts';
import { type TestedTable, testedTable } from './tested-table.ts';

export interface TableUnderTest {
  readonly table: Table;
  close(): Promise<void>;
}

/** The contract of every table. Tests use keys and partitions of their own, so one table serves all. */
export function tableContract(name: string, create: () => Promise<TableUnderTest>): void {
  describe(`${name} keeps the table's contract`, () => {
    let underTest: TableUnderTest;
    let tested: TestedTable;
    let tests = 0;

    beforeAll(async () => {
      underTest = await create();
    });
    afterAll(() => underTest?.close());
    beforeEach(() => {
      tested = testedTable(underTest.table, ++tests);
    });

    documentContract(() => tested);
    updateContract(() => tested);
    indexContract(() => tested);
  });
}
