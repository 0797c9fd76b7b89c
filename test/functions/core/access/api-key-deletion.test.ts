import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { apiKeyKey, putApiKey } from '../../../../functions/core/access/api-key.ts';
import { allApiKeys, deleteApiKey } from '../../../../functions/core/access/api-key-deletion.ts';
import type { Table } from '../../../../functions/core/ports/table.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const full = { name: 'full', permission: 'full_access' } as const;
const sending = { name: 'sending', permission: 'sending_access' } as const;

async function tableWith(...keys: (typeof full | typeof sending)[]): Promise<{ table: Table; ids: string[] }> {
  const { table } = createMemoryBackend();
  const ids: string[] = [];
  for (const [index, key] of keys.entries()) ids.push(await putApiKey(table, `token-${index}`, key, 1_000 + index));
  return { table, ids };
}

const namesIn = async (table: Table) => (await allApiKeys(table)).map(({ name }) => name).sort();

describe('deleting an API key', () => {
  it('refuses to delete the last one with full access, names the command that does, and leaves the key unchanged', async () => {
    const { table, ids } = await tableWith(full, sending, sending);
    const before = await table.get(apiKeyKey(ids[0] ?? ''));
    await expect(deleteApiKey(table, ids[0] ?? '', 2_000)).rejects.toMatchObject({
      status: 422,
      message: expect.stringContaining(`sendoff keys revoke ${ids[0]} --force`),
    });
    expect(await table.get(apiKeyKey(ids[0] ?? ''))).toEqual(before);
  });

  it('deletes the last one with full access by force', async () => {
    const { table, ids } = await tableWith(full, sending);
    expect(await deleteApiKey(table, ids[0] ?? '', 2_000, { force: true })).toBe(true);
    expect(await namesIn(table)).toEqual(['sending']);
  });

  it('deletes one of two with full access, and any that may only send', async () => {
    const { table, ids } = await tableWith(full, full, sending);
    for (const id of ids.slice(1)) expect(await deleteApiKey(table, id, 2_000)).toBe(true);
    expect(await namesIn(table)).toEqual(['full']);
  });

  it('answers that there is none', async () => {
    const { table } = await tableWith(full);
    expect(await deleteApiKey(table, 'none', 2_000)).toBe(false);
  });

  it('never deletes the last two at the same time, in whatever order two deletions interleave', async () => {
    // Each deletion makes at most 5 calls of the table: these are all orders of the calls of two.
    const outcomes = new Set<number>();
    for (let schedule = 0; schedule < 2 ** 10; schedule++) {
      const { table, ids } = await tableWith(full, full);
      await interleave(
        ids.map((id, index) => (stepping: Table) => deleteApiKey(stepping, id, 2_000 + index)),
        table,
        schedule,
      );
      outcomes.add((await allApiKeys(table)).length);
    }
    expect([...outcomes].sort()).toEqual([1, 2]);
  }, 60_000);

  it('is not blocked for long by a deletion that crashed half way, which then cannot continue', async () => {
    const { table, ids } = await tableWith(full, full);
    const [slow = '', other = ''] = ids;
    let goOn = () => {};
    const held: Table = {
      ...table,
      delete: async (...args) => {
        await new Promise<void>((resolve) => {
          goOn = resolve;
        });
        return table.delete(...args);
      },
    };
    const deletion = deleteApiKey(held, slow, 2_000);
    await setImmediate();
    await expect(deleteApiKey(table, other, 61_000)).rejects.toMatchObject({ status: 422 });
    expect(await deleteApiKey(table, other, 62_001)).toBe(true);
    goOn();
    expect(await deletion).toBe(false);
    expect(await table.get(apiKeyKey(slow))).toBeDefined();
  });
});

/** Runs two processes, one call of the table after the other; the bits of the schedule say whose turn it is. */
async function interleave(
  processes: readonly ((table: Table) => Promise<unknown>)[],
  table: Table,
  schedule: number,
): Promise<void> {
  const waiting: (() => void)[][] = processes.map(() => []);
  const stepping = (process: number): Table =>
    Object.fromEntries(
      Object.entries(table).map(([name, call]) => [
        name,
        async (...args: never[]) => {
          await new Promise<void>((resolve) => void waiting[process]?.push(resolve));
          return call(...args);
        },
      ]),
    ) as unknown as Table;
  let running = processes.length;
  for (const [index, process] of processes.entries()) {
    void process(stepping(index))
      .catch(() => {})
      .finally(() => {
        running--;
      });
  }
  for (let turns = schedule; running > 0; turns >>= 1) {
    await setImmediate();
    const next = waiting[turns & 1]?.shift() ?? waiting[1 - (turns & 1)]?.shift();
    next?.();
  }
}
