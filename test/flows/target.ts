import { readFileSync } from 'node:fs';
import { Resend } from 'resend';
import { afterAll, beforeAll } from 'vitest';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import type { LocalSendoffOptions } from '../../lib/local/start.ts';
import { connectDeployed, type Deployment } from '../deploy/deployed-target.ts';
import { shortBatching } from '../helpers/short-batching.ts';
import { startSendoff } from '../helpers/start-sendoff.ts';
import { onFlowsBackend, onRedis } from './flows-backend.ts';
import { type Request, requester } from './request.ts';
import type { Target } from './target-interface.ts';

/** A target with clients for it. */
export interface RunningTarget extends Target {
  /** The official client, with full access. */
  readonly resend: Resend;
  readonly request: Request;
}

/** The file with a `Deployment` as JSON, if the suite runs on one by HTTP (`npm run test:deploy`). */
const deploymentFile = process.env.SENDOFF_DEPLOYMENT;

/** Only the local cloud throttles as SES does. */
export const canThrottle = deploymentFile === undefined;

/** The target of a test file during its tests: the local cloud, unless the environment names a deployment. */
export function runningTarget(options: LocalSendoffOptions = {}): RunningTarget {
  const running = {} as RunningTarget & { -readonly [K in keyof RunningTarget]: RunningTarget[K] };
  beforeAll(async () => {
    const target =
      deploymentFile === undefined ? await startLocalTarget(options) : connectDeployed(read(deploymentFile));
    const { url, apiKey } = target;
    Object.assign(running, target, {
      resend: new Resend(apiKey, { baseUrl: url }),
      request: requester(url, apiKey),
    });
  }, 120_000);
  afterAll(() => running.close?.());
  return running;
}

/** The stack on the local cloud, in this process. */
export async function startLocalTarget(options: LocalSendoffOptions): Promise<Target> {
  const logged: unknown[] = [];
  const { cloud, apiKey, table } = await startSendoff({
    ...onFlowsBackend(options),
    overrides: { ...shortBatching, ...options.overrides },
    log: (event) => void logged.push(event),
  });
  return {
    url: cloud.apiUrl,
    publicUrl: cloud.outputs.ApiUrl ?? '',
    apiKey,
    table,
    publishesEvents: true,
    caught: async (emailId) => cloud.ses.messages().filter(({ tags }) => tags[EMAIL_ID_TAG] === emailId),
    idle: cloud.idle,
    runSchedule: async () => (await cloud.function(onRedis ? 'RedisWatchdog' : 'Schedule').invoke({})).payload,
    setVerifiedDomain: async (domain) => cloud.ses.set({ verifiedIdentities: [domain] }),
    setSendRate: async (perSecond) => cloud.ses.set({ sendRatePerSecond: perSecond }),
    logs: async () => JSON.stringify(logged),
    close: cloud.close,
  };
}

function read(file: string): Deployment {
  return JSON.parse(readFileSync(file, 'utf8'));
}
