import { createRedisBroker } from '../../functions/adapters/redis/broker.ts';
import { taskQueueNames } from '../../functions/core/queues.ts';
import { executeJob } from '../../functions/core/run/accept/accept.ts';
import { tasksNamespace } from '../../functions/runtime/tasks/tasks-redis.ts';
import { silentClient } from '../../lib/local/redis.ts';
import { callTask, succeeded } from './own-tasks.ts';
import type { Visit } from './visit.ts';

/** The watchdog of the runs finds a job that no consumer was invoked for; then come more runs than one consumer can do soon. */
export async function invokeTasksConsumers(visit: Visit): Promise<void> {
  const { cloud, redis } = visit.local;
  if (!redis) throw new Error('the backend is redis');
  const invocationBy = (functionName: string) =>
    cloud.faults.add({
      service: 'lambda',
      action: 'Invoke',
      functionName,
      match: (_body, path) => path.includes('RedisTasksFunction'),
      when: 'after',
      effect: { kind: 'hold', until: Promise.resolve() },
    });
  const id = await callTask(visit, 'prove.first');
  await succeeded(visit, id);
  await cloud.idle();
  const byWatchdog = invocationBy('RedisTasksWatchdog');
  const client = silentClient(redis, tasksNamespace(cloud.outputs.RedisNamespace ?? ''), taskQueueNames);
  await createRedisBroker(client).send([executeJob({ id, task: 'prove.first', priority: 'transactional' })]);
  await cloud.function('RedisTasksWatchdog').invoke({});
  await byWatchdog.triggered;

  const byConsumer = invocationBy('RedisTasksFunction');
  await callTask(visit, 'prove.many');
  await byConsumer.triggered;
  await cloud.idle();
}
