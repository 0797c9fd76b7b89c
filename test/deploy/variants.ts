/** A way to deploy Sendoff that the deploy test runs from the first deployment to the removal. */
export interface Variant {
  readonly name: string;
  /** Given to `cdk deploy` with -c. Every variant but the default has a stage, so that all could stand side by side. */
  readonly config: Readonly<Record<string, string>>;
  /** Files of the end-to-end suite that run on it. */
  readonly suite: readonly string[];
  /** What the update under load changes. */
  readonly changed: Readonly<Record<string, string>>;
}

const SENDING = 'test/flows/sending.test.ts';
const FEEDBACK = 'test/flows/suppressions-webhooks.test.ts';
const changed = { retentionDays: '7', maxConcurrency: '4' };

export const variants: readonly Variant[] = [
  // New time-outs change the queues too. Jobs whose workers the update kills come back after the new ones: a minute.
  {
    name: 'default',
    config: {},
    suite: [SENDING, FEEDBACK],
    changed: { ...changed, sendTimeoutSeconds: '10', maxReceiveCount: '8' },
  },
  {
    name: 'api=rest',
    config: { stage: 'rest', api: 'rest' },
    suite: ['test/flows/rest.test.ts', SENDING, FEEDBACK],
    changed,
  },
  {
    name: 'backend=redis',
    config: { stage: 'redis', backend: 'redis', redisSecret: 'sendoff/upstash' },
    suite: [SENDING, FEEDBACK],
    changed: { retentionDays: '7' },
  },
];
