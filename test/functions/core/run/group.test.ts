// biome-ignore-all lint/suspicious/noThenProperty: the name of a field; nothing awaits these objects
import { describe, expect, it } from 'vitest';
import type { AcceptDependencies } from '../../../../functions/core/run/accept/accept.ts';
import { createStartNext, nextRunId } from '../../../../functions/core/run/execution/chain.ts';
import {
  acceptGroup,
  addMembers,
  closeGroup,
  createGroup,
  type MemberCall,
  memberRunId,
} from '../../../../functions/core/run/group/accept.ts';
import { createMemberEnded, thenRunId } from '../../../../functions/core/run/group/finish.ts';
import { listMembers, readGroup } from '../../../../functions/core/run/group/store.ts';
import { type EndedRun, type EndStatus, type RunRecord, runKey } from '../../../../functions/core/run/run.ts';
import { createMemoryBackend, type MemoryBackend } from '../../../helpers/memory-backend.ts';

const TASK = { name: 'note.send', priority: 'transactional', keep: false, keepDays: 7 } as const;
const THEN = { task: 'note.report', priority: 'bulk', keepDays: 3 } as const;
const callsOf = (count: number): MemberCall[] =>
  Array.from({ length: count }, (_, index) => ({ task: TASK, argsJson: JSON.stringify({ index }) }));

const create = (backend: MemoryBackend = createMemoryBackend()) => {
  let ids = 0;
  const newId = () => `00000000-0000-4000-8000-${String(++ids).padStart(12, '0')}`;
  const dependencies: AcceptDependencies = { backend, now: Date.now, newId };
  const end = (group: string, member: number, status: EndStatus = 'succeeded') =>
    createMemberEnded(dependencies)({
      id: memberRunId(group, member),
      group: { id: group, member },
      status,
    } as EndedRun);
  const thenRun = (group: string) => backend.table.get<RunRecord>(runKey(thenRunId(group)));
  const outcome = async (group: string) => {
    const run = await thenRun(group);
    return run?.args && 'json' in run.args ? JSON.parse(run.args.json) : undefined;
  };
  return { backend, dependencies, end, thenRun, outcome };
};

describe('a group', () => {
  it('runs its members, each with a record, and then the task that follows, once', async () => {
    const { backend, dependencies, end, thenRun, outcome } = create();
    const id = await acceptGroup(callsOf(250), { then: THEN, keyId: 'key' }, dependencies);
    expect(backend.waiting()).toHaveLength(250);
    const member = await backend.table.get<RunRecord>(runKey(memberRunId(id, 249)));
    expect(member).toMatchObject({
      task: 'note.send',
      status: 'queued',
      group: { id, member: 249 },
      args: { json: '{"index":249}' },
    });
    const statuses: EndStatus[] = ['failed', 'canceled', 'expired'];
    for (let index = 0; index < 250; index++) {
      expect(await thenRun(id)).toBeUndefined();
      await end(id, index, statuses[index]);
    }
    expect(await outcome(id)).toEqual({ group: id, total: 250, succeeded: 247, failed: 3 });
    expect(await thenRun(id)).toMatchObject({ task: 'note.report', priority: 'bulk', keyId: 'key' });
    const jobs = backend.waiting().length;
    for (let index = 0; index < 250; index++) await end(id, index, statuses[index]);
    expect(backend.waiting()).toHaveLength(jobs);
    expect(await readGroup(backend.table, id)).toMatchObject({
      closed: true,
      total: 250,
      succeeded: 247,
      failed: 3,
      then: { runId: thenRunId(id) },
    });
  });

  it('without members ends when it is closed', async () => {
    const { dependencies, outcome } = create();
    const id = await acceptGroup([], { then: THEN }, dependencies);
    expect(await outcome(id)).toEqual({ group: id, total: 0, succeeded: 0, failed: 0 });
  });

  it('whose members end before it is closed ends with the close, also without a task that follows', async () => {
    const { backend, dependencies, end, outcome } = create();
    const [id, plain] = [await createGroup({ then: THEN }, dependencies), await createGroup({}, dependencies)];
    for (const group of [id, plain]) {
      await addMembers(group, 0, callsOf(2), dependencies);
      for (const member of [0, 1]) await end(group, member);
      expect(await outcome(group)).toBeUndefined();
      await closeGroup(group, dependencies);
    }
    expect(await outcome(id)).toMatchObject({ total: 2, succeeded: 2 });
    expect((await readGroup(backend.table, plain))?.endedAtMs).toBeDefined();
  });

  it('shows how far it is while members run, and its members in order', async () => {
    const { backend, dependencies, end } = create();
    const id = await createGroup({}, dependencies);
    await addMembers(id, 0, callsOf(200), dependencies);
    for (let member = 0; member < 110; member++) await end(id, member, member < 5 ? 'failed' : 'succeeded');
    expect(await readGroup(backend.table, id)).toMatchObject({ closed: false, total: 200, succeeded: 105, failed: 5 });
    const page = await listMembers(backend.table, id, { limit: '3', after: memberRunId(id, 196) });
    expect([page.items.map(({ group }) => group?.member), page.hasMore]).toEqual([[197, 198, 199], false]);
    const before = await listMembers(backend.table, id, { limit: '2', before: memberRunId(id, 3) });
    expect([before.items.map(({ group }) => group?.member), before.hasMore]).toEqual([[1, 2], true]);
    await expect(listMembers(backend.table, id, { after: 'x' })).rejects.toMatchObject({ status: 404 });
    expect(await readGroup(backend.table, 'x')).toBeUndefined();
  });

  it('takes its pieces in any order and again, and makes nothing twice', async () => {
    const { backend, dependencies } = create();
    const id = await createGroup({}, dependencies);
    const last = await addMembers(id, 500, callsOf(30), dependencies);
    await expect(closeGroup(id, dependencies)).rejects.toMatchObject({ status: 409 });
    await addMembers(id, 0, callsOf(500), dependencies);
    expect(await addMembers(id, 500, callsOf(30), dependencies)).toEqual(last);
    expect(backend.waiting()).toHaveLength(530);
    expect(await closeGroup(id, dependencies)).toMatchObject({ total: 530 });
    expect(await closeGroup(id, dependencies)).toMatchObject({ total: 530 });
    // After the close, what was accepted is known still.
    expect(await addMembers(id, 500, callsOf(30), dependencies)).toEqual(last);
  });

  it.each([
    ['a piece that begins within a shard', 50, 10, 422],
    ['an empty piece', 0, 0, 422],
    ['a piece of more than 500', 0, 501, 422],
    ['more than 100,000 members', 100_000, 1, 422],
    ['a piece of another size than before', 100, 20, 409],
    ['a piece that overlaps another', 0, 200, 409],
  ])('refuses %s', async (_, first, size, status) => {
    const { dependencies } = create();
    const id = await createGroup({}, dependencies);
    await addMembers(id, 100, callsOf(10), dependencies);
    await expect(addMembers(id, first, callsOf(size), dependencies)).rejects.toMatchObject({ status });
  });

  it('refuses members when it is closed, and what is no group', async () => {
    const { dependencies } = create();
    const id = await acceptGroup(callsOf(100), {}, dependencies);
    await expect(addMembers(id, 100, callsOf(1), dependencies)).rejects.toMatchObject({ status: 409 });
    await expect(addMembers('none', 0, callsOf(1), dependencies)).rejects.toMatchObject({ status: 404 });
    await expect(closeGroup('none', dependencies)).rejects.toMatchObject({ status: 404 });
  });

  it('begins what follows exactly once though the process is killed before or after any of its calls', async () => {
    let kills = 0;
    for (const when of ['before', 'after'] as const)
      for (let at = 1; ; at++) {
        const killed = await groupWithKill(at, when);
        if (!killed) break;
        kills++;
      }
    console.info(`group: killed at ${kills} places`);
    expect(kills).toBeGreaterThan(25);
  });

  // With GROUP_MEMBERS=100000: 1,202 writes, in 36 s.
  it('writes its document once for each piece and each shard, and twice more', async () => {
    const members = Number(process.env.GROUP_MEMBERS ?? 5_000);
    const { backend, dependencies, end, outcome } = create(withoutRecords());
    const writes = new Map<string, number>();
    const update = backend.table.update;
    backend.table.update = (key, ...rest) => {
      writes.set(key, (writes.get(key) ?? 0) + 1);
      return update(key, ...rest);
    };
    const id = await acceptGroup(callsOf(members), { then: THEN }, dependencies);
    // In an order that spreads over all shards.
    for (let index = 0; index < members; index++) await end(id, (index * 7_919) % members);
    expect(await outcome(id)).toEqual({ group: id, total: members, succeeded: members, failed: 0 });
    const groupWrites = writes.get(`run-group#${id}`) ?? 0;
    const most = Math.max(...[...writes].flatMap(([key, count]) => (key.startsWith('run-group-shard') ? [count] : [])));
    console.info(`a group of ${members}: ${groupWrites} writes of its document, at most ${most} of a shard's`);
    expect(groupWrites).toBe(members / 500 + 1 + members / 100 + 1);
  });
});

/** Records of runs are not stored: they are not what is counted. */
function withoutRecords(): MemoryBackend {
  const backend = createMemoryBackend();
  const { submit } = backend;
  return {
    ...backend,
    submit: async (submissions) =>
      submissions.length === 1
        ? submit(submissions)
        : submissions.map(({ record }) => ({ applied: true, document: record.fields })),
  };
}

/**
 * A group of 110 members whose process is killed at one call to the database or the queue: it does nothing, or its answer is lost.
 * Whoever called repeats: the caller its request, the worker the job. Answers whether the kill came about.
 */
async function groupWithKill(at: number, when: 'before' | 'after'): Promise<boolean> {
  let calls = 0;
  let dead = false;
  let counts = true;
  const mortal =
    <Args extends unknown[], Answer>(call: (...args: Args) => Promise<Answer>) =>
    async (...args: Args): Promise<Answer> => {
      if (dead) return new Promise(() => {});
      if (!counts) return call(...args);
      const isLast = ++calls === at;
      if (isLast && when === 'before') dead = true;
      const answer = isLast && when === 'before' ? undefined : await call(...args);
      if (isLast) {
        dead = true;
        rejectAll();
        return new Promise(() => {});
      }
      return answer as Answer;
    };
  let rejectAll: () => void = () => {};
  const memory = createMemoryBackend();
  const { table } = memory;
  const backend: MemoryBackend = {
    ...memory,
    submit: mortal(memory.submit),
    table: {
      ...table,
      insert: mortal(table.insert) as typeof table.insert,
      update: mortal(table.update) as typeof table.update,
    },
  };
  const { dependencies, end, outcome } = create(backend);
  let killed = false;
  /** Runs a step; if it is killed, another process does it again. */
  const surviving = async <T>(step: () => Promise<T>): Promise<T> => {
    const death = new Promise<'dead'>((resolve) => {
      rejectAll = () => resolve('dead');
    });
    const result = await Promise.race([step().then((value) => ({ value })), death]);
    if (result !== 'dead') return result.value;
    killed = true;
    dead = false;
    return step();
  };
  const unharmed = async (step: () => Promise<unknown>) => {
    counts = false;
    await step();
    counts = true;
  };
  const id = await surviving(() => createGroup({ then: THEN }, dependencies));
  await surviving(() => addMembers(id, 0, callsOf(110), dependencies));
  // The last ends of the shards are where things happen; the others are alike.
  for (let member = 0; member < 110; member++) {
    if (member === 105) await surviving(() => closeGroup(id, dependencies));
    const ending = () => end(id, member, member === 7 ? 'failed' : 'succeeded');
    if (member % 100 > 2 && member !== 99 && member < 108) await unharmed(ending);
    else await surviving(ending);
  }
  expect(await outcome(id)).toEqual({ group: id, total: 110, succeeded: 109, failed: 1 });
  const jobs = memory.waiting().filter(({ job }) => (job.args as { id: string }).id === thenRunId(id));
  expect(jobs.length).toBeGreaterThanOrEqual(1);
  return killed;
}

describe('a chain', () => {
  it('makes the next run with the result, once, and hands on what follows', async () => {
    const { backend, dependencies } = create();
    const startNext = createStartNext(dependencies);
    const call = (task: string) => ({ task, args: '{"n":1}', priority: 'bulk', keepDays: 2 }) as const;
    const run: EndedRun = {
      id: 'one',
      task: 'a.run',
      status: 'succeeded',
      priority: 'bulk',
      attempts: 1,
      createdAtMs: 1,
      endedAtMs: 2,
      keepMs: 1_000,
      then: [call('b.run'), call('c.run')],
      result: { json: '42' },
      keyId: 'key',
    };
    await startNext(run);
    await startNext(run);
    const next = await backend.table.get<RunRecord>(runKey(nextRunId('one')));
    expect(next).toMatchObject({
      task: 'b.run',
      previous: { json: '42' },
      args: { json: '{"n":1}' },
      keyId: 'key',
      priority: 'bulk',
    });
    expect(next?.then).toEqual([call('c.run')]);
    await startNext({ ...run, id: 'two', then: [] });
    expect(await backend.table.get(runKey(nextRunId('two')))).toBeUndefined();
  });
});
