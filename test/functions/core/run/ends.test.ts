import { expect, it } from 'vitest';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import type { OutgoingJob } from '../../../../functions/core/ports/broker.ts';
import { createPublishEnd } from '../../../../functions/core/run/execution/publish.ts';
import type { EndedRun } from '../../../../functions/core/run/run.ts';
import { createRedact } from '../../../../functions/core/run/run-error.ts';
import { createAnyWebhook } from '../../../../functions/core/webhook/any-webhook.ts';
import { publishByJob, publishEvent } from '../../../../functions/core/webhook/publish-task.ts';
import { createWebhook, deleteWebhook } from '../../../../functions/core/webhook/registry.ts';
import { createMemoryBackend } from '../../../helpers/memory-backend.ts';

const ended: EndedRun = {
  id: 'r',
  task: 'a.b',
  status: 'failed',
  priority: 'transactional',
  attempts: 2,
  keepMs: 1,
  createdAtMs: 0,
  endedAtMs: 1_000,
  args: { json: '"argument"' },
  result: { json: '"result"' },
  error: { code: 'error', message: 'no', stack: 'at line 1' },
};

it('the event of an end reaches the publisher by a job, without arguments, result and stack; the same each time', async () => {
  const jobs: OutgoingJob[] = [];
  const published: WebhookEvent[] = [];
  const publishEnd = createPublishEnd(publishByJob({ send: async (some) => void jobs.push(...some) }));
  await publishEnd(ended);
  await publishEnd(ended);
  expect(jobs[0]).toEqual(jobs[1]);
  expect(JSON.stringify(jobs)).not.toMatch(/argument|result|stack/);
  const publish = async (events: readonly WebhookEvent[]) => void published.push(...events);
  const args = publishEvent.args.parse(JSON.parse(JSON.stringify(jobs[0]?.job.args)));
  await publishEvent.run(args, undefined as never, { publish });
  expect(published).toEqual([
    {
      type: 'task.failed',
      eventId: expect.stringMatching(/^msg_/),
      atMs: 1_000,
      subject: {
        ...{ run_id: 'r', task: 'a.b', status: 'failed', attempts: 2 },
        error: { code: 'error', message: 'no' },
        created_at: '1970-01-01T00:00:00.000Z',
        finished_at: '1970-01-01T00:00:01.000Z',
      },
    },
  ]);
});

it('whether there is an endpoint is known for ten seconds', async () => {
  let nowMs = 1_000_000;
  const { table } = createMemoryBackend();
  const any = createAnyWebhook(table, () => nowMs);
  expect(await any()).toBe(false);
  await createWebhook(table, { id: 'w', endpoint: 'https://example.com', events: [], nowMs });
  expect(await any()).toBe(false);
  nowMs += 10_000;
  expect(await any()).toBe(true);
  await deleteWebhook(table, 'w');
  nowMs += 10_000;
  expect(await any()).toBe(false);
});

it('errors have no values of secret variables, and no passwords in URLs', () => {
  const redact = createRedact({
    API_KEY: 'sk_live_1234567',
    DB_PASSWORD: 'short',
    REGION: 'eu-central-1',
    DATABASE_URL: undefined,
  });
  expect(redact('401 for sk_live_1234567 in eu-central-1')).toBe('401 for *** in eu-central-1');
  expect(redact('postgres://app:pa55word@db:5432/x refused')).toBe('postgres://app:***@db:5432/x refused');
});
