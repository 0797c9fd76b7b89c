import { submitInParallel, updateThenSend } from '../../functions/adapters/aws/backend.ts';
import { unavailable } from '../../functions/core/errors.ts';
import { audienceContract } from '../contracts/audience.ts';
import { type BackendPart, backendContract } from '../contracts/backend.ts';
import { bodiesContract } from '../contracts/bodies.ts';
import { brokerContract } from '../contracts/broker.ts';
import { rateLimitContract } from '../contracts/rate-limit.ts';
import { tableContract } from '../contracts/table.ts';
import { taskFlowContract } from '../contracts/task-flow.ts';
import { webhookListContract } from '../contracts/webhook-registry.ts';
import { createMemoryBackend } from './memory-backend.ts';

tableContract('The table in memory', async () => createMemoryBackend());
webhookListContract('the table in memory', async () => createMemoryBackend());
audienceContract('the table in memory', async () => createMemoryBackend());
rateLimitContract('the table in memory', async () => createMemoryBackend());
taskFlowContract('the table in memory', async () => createMemoryBackend());
bodiesContract('The body store in memory', async () => createMemoryBackend());

brokerContract('The broker in memory', async () => {
  const { broker, receive, close } = createMemoryBackend();
  let isDown = false;
  const send: typeof broker.send = async (jobs) => {
    if (isDown) throw unavailable('down', new Error('down'));
    await broker.send(jobs);
  };
  const setDown = (down: boolean) => {
    isDown = down;
  };
  return { broker: { send }, receive, setDown, close };
});

backendContract('The backend in memory', async () => {
  const { table, bodies, broker, receive, delayHorizonMs, close } = createMemoryBackend();
  let failing: BackendPart | undefined;
  const guarded =
    <Args extends unknown[], Result>(part: BackendPart, write: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      if (failing !== part) return write(...args);
      failing = undefined;
      throw unavailable(`${part} is down`);
    };
  const parts = {
    table: { ...table, insert: guarded('table', table.insert) as typeof table.insert },
    bodies: { ...bodies, put: guarded('bodies', bodies.put) },
    broker: { send: guarded('broker', broker.send) },
  };
  return {
    backend: {
      ...parts,
      delayHorizonMs,
      submit: (submissions) => submitInParallel(parts, submissions),
      updateAndSend: updateThenSend(parts),
    },
    receive,
    failNext: (part) => {
      failing = part;
    },
    close,
  };
});
