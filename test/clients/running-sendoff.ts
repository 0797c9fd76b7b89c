import { join } from 'node:path';
import type { SesMessage } from '../../lib/local/cloud/ses/message.ts';
import { startLocalSendoff } from '../../lib/local/start.ts';
import { type Synthesis, synthesize } from '../../lib/synth.ts';
import { FILE_HOST, startOutside } from './outside.ts';

export const backends = ['aws', 'redis'] as const;
export type BackendName = (typeof backends)[number];

/** A Sendoff with tasks of the user, at a mail server that takes its time. */
export interface SendoffForClient {
  /** The file of the tasks. */
  readonly tasks?: string;
  /** How long SES takes for an email. */
  readonly latencyMs?: number;
}

/** Sendoff on the local cloud, for one run of one client. */
export interface RunningSendoff {
  readonly url: string;
  /** What each program finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
  /** What SES took, oldest first. */
  messages(): readonly SesMessage[];
  close(): Promise<void>;
}

const syntheses = new Map<string, Synthesis>();

/** Starts one with a key of its own; it sends as example.com, which SES has verified. */
export async function startSendoff(backend: BackendName, special: SendoffForClient = {}): Promise<RunningSendoff> {
  const { tasks, latencyMs = 0 } = special;
  const config = {
    domain: 'example.com',
    ...(backend === 'redis' ? { backend, redisSecret: 'local' } : {}),
    ...(tasks === undefined ? {} : { tasks }),
  };
  const key = JSON.stringify(config);
  const synthesis = syntheses.get(key) ?? synthesize(config);
  syntheses.set(key, synthesis);
  const outside = await startOutside();
  const functionEnvironment = {
    NODE_OPTIONS: `--require ${join(import.meta.dirname, 'reach-outside.cjs')}`,
    OUTSIDE_URL: outside.url,
  };
  const { cloud, apiKey } = await startLocalSendoff({
    port: 0,
    config,
    synthesis,
    functionEnvironment,
    ...(latencyMs > 0 ? { ses: { latencyMs } } : {}),
  });
  return {
    url: cloud.apiUrl,
    environment: {
      SENDOFF_URL: cloud.apiUrl,
      SENDOFF_API_KEY: apiKey,
      SENDOFF_HOOK_URL: `${outside.url}/hook`,
      SENDOFF_FILE_URL: `https://${FILE_HOST}/note.txt`,
    },
    messages: () => cloud.ses.messages(),
    close: async () => {
      await cloud.close();
      await outside.close();
    },
  };
}
