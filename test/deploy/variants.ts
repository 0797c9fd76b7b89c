/** Options with which the deploy test runs Sendoff from the first deployment to the deletion. */
export interface Variant {
  readonly name: string;
  /** Options for `cdk deploy -c`. Every variant but the default has a stage, so that all can exist at the same time. */
  readonly config: Readonly<Record<string, string>>;
  /** Files of the end-to-end suite that run on it. */
  readonly suite: readonly string[];
  /** Options that the update under load changes. */
  readonly changed: Readonly<Record<string, string>>;
}

const SENDING = 'test/flows/sending.test.ts';
const FEEDBACK = 'test/flows/suppressions-webhooks.test.ts';
/** Relative to the sources, which each deployment has its own of. */
const tasks = 'test/fixtures/tasks/tasks.ts';
const changed = { retentionDays: '7', maxConcurrency: '4' };

export const variants: readonly Variant[] = [
  // New timeouts change the queues too. Jobs of functions that the update kills are visible after the new one: six minutes.
  {
    name: 'default',
    config: { tasks },
    suite: [SENDING, FEEDBACK],
    changed: { ...changed, sendTimeoutSeconds: '61', maxReceiveCount: '8' },
  },
  {
    name: 'api=rest',
    config: { stage: 'rest', api: 'rest' },
    suite: ['test/flows/rest.test.ts', SENDING, FEEDBACK],
    changed,
  },
  {
    name: 'backend=redis',
    config: { stage: 'redis', backend: 'redis', redisSecret: 'sendoff/upstash', tasks },
    suite: [SENDING, FEEDBACK],
    changed: { retentionDays: '7' },
  },
];
