import { PurgeQueueCommand } from '@aws-sdk/client-sqs';
import { CLOCK_PARTITION, type Clock, clockKey } from '../../functions/core/clock/clock.ts';
import { dueEntry } from '../../functions/core/clock/handover.ts';
import { dueRunEntry } from '../../functions/core/run/accept/accept.ts';
import { type RunRecord, runKey } from '../../functions/core/run/run.ts';
import type { LocalSendoff } from '../../lib/local/start.ts';
import { callTask, succeeded, until } from './own-tasks.ts';
import { emptyBucket, type Visit } from './visit.ts';

const HOUR_MS = 3_600_000;
const CLOCK = 'prove.yearly';

/** The schedule's work for tasks: runs that are due, one without the body of its step; clocks of the file and one that is gone. */
export async function scheduleOwnTasks(visit: Visit): Promise<void> {
  const { ask, local } = visit;
  const gone = clockKey('prove.gone');
  const list = { partition: CLOCK_PARTITION, sort: 'prove.gone' };
  await local.table.insert({ key: gone, fields: { task: 'prove.gone', everySeconds: 60, skipped: 0 }, list });
  // A new process makes the stored clocks those of the file.
  local.cloud.function('ScheduleFunction').kill();
  const at = new Date(Date.now() + HOUR_MS).toISOString();
  const ids = await Promise.all([
    callTask(visit, 'prove.forgotten'),
    callTask(visit, 'prove.first', { at }),
    callTask(visit, 'prove.limited', { at }),
  ]);
  const run = () => local.table.get<RunRecord>(runKey(ids[0]));
  await until('an attempt has failed', async () =>
    (await run().then((record) => record?.status === 'queued' && record.attempts === 1)) ? true : undefined,
  );
  await emptyBucket(visit);
  for (const id of ids) {
    const dueAtMs = Date.now();
    await local.table.update(runKey(id), { set: { dueAtMs }, due: dueRunEntry(dueAtMs, id, 0) });
  }
  await invokeSchedule(local);
  for (const id of ids) await succeeded(visit, id);
  await until('the clock of no task is deleted', async () => ((await local.table.get(gone)) ? undefined : true));

  await tickAt(local, Date.now() + 1_000);
  await invokeSchedule(local);
  const ticked = async () => (await local.table.get<Clock>(clockKey(CLOCK)))?.lastRunId;
  await succeeded(visit, await until('the tick of a clock has a run', ticked));

  // The clock is paused between the run of its tick and the write that moves it on.
  const paused = Promise.withResolvers<void>();
  await tickAt(local, Date.now() + 60_000);
  const held = local.cloud.faults.add({
    service: 'dynamodb',
    action: 'UpdateItem',
    functionName: 'ScheduleFunction',
    match: (body) => body.includes(clockKey(CLOCK)),
    when: 'before',
    effect: { kind: 'hold', until: paused.promise },
  });
  const invoked = invokeSchedule(local);
  await held.triggered;
  await ask('POST', `/clocks/${CLOCK}/pause`);
  held.remove();
  paused.resolve();
  await invoked;
  // The job of the canceled run is still to come: later steps wait until no job is left.
  await visit.sqs.send(new PurgeQueueCommand({ QueueUrl: local.cloud.outputs.TasksQueueUrl }));
}

async function invokeSchedule({ cloud }: LocalSendoff): Promise<void> {
  const { error } = await cloud.function('ScheduleFunction').invoke({});
  if (error) throw new Error(`the schedule failed: ${error.errorMessage}`);
}

/** Sets the next tick of the clock. */
const tickAt = ({ table }: LocalSendoff, nextAtMs: number) =>
  table.update(clockKey(CLOCK), { set: { nextAtMs }, due: dueEntry(CLOCK, nextAtMs) });

/** A run is canceled at work; another one's calls are refused by the queues, so that nothing of them is left. */
export async function failOwnTasks(visit: Visit): Promise<void> {
  const { ask, local } = visit;
  const endless = await callTask(visit, 'prove.endless');
  await until('a run has begun', async () =>
    (await ask('GET', `/runs/${endless}`)).status === 'running' ? true : undefined,
  );
  await ask('POST', `/runs/${endless}/cancel`);
  await local.cloud.idle();
  const refused = local.cloud.faults.add({
    service: 'sqs',
    action: '*',
    functionName: 'TasksFunction',
    match: (body) => body.includes('MessageBody'),
    times: 2,
    when: 'before',
    effect: { kind: 'error', status: 400, code: 'InvalidMessageContents', message: 'refused' },
  });
  await succeeded(visit, await callTask(visit, 'prove.undone'));
  if (refused.hits !== 2) throw new Error(`${refused.hits} of 2 jobs were refused`);
  await local.cloud.idle();
}
