import { options } from '../../lib/config.ts';

/** A way to deploy Sendoff that the deploy test runs from the first deployment to the removal. */
export interface Variant {
  readonly name: string;
  /** Given to `cdk deploy` with -c. Every variant but the default has a stage, so that all could stand side by side. */
  readonly config: Readonly<Record<string, string>>;
  /** What the update under load changes. */
  readonly changed: Readonly<Record<string, string>>;
}

const changed = { retentionDays: '7', maxConcurrency: '4' };

export const variants: readonly Variant[] = [
  // New time-outs change the queues too. Jobs whose workers the update kills come back after the new ones: a minute.
  { name: 'default', config: {}, changed: { ...changed, sendTimeoutSeconds: '10', maxReceiveCount: '8' } },
  { name: 'api=rest', config: { stage: 'rest', api: 'rest' }, changed },
  {
    name: 'backend=redis',
    config: { stage: 'redis', backend: 'redis', redisSecret: 'sendoff-deploy-test' },
    changed: { retentionDays: '7' },
  },
];

/** Why a variant cannot be deployed by this version; undefined when it can. */
export function unknownOption({ config }: Pick<Variant, 'config'>): string | undefined {
  for (const [name, value] of Object.entries(config)) {
    const option = Object.entries(options).find(([known]) => known === name)?.[1];
    if (option?.parse(value) === undefined) return `lib/config.ts knows no ${name}=${value}`;
  }
  return undefined;
}
