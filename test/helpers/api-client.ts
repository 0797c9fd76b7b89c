import { type ApiDependencies, createApp } from '../../functions/api/app.ts';
import type { ConsoleFiles } from '../../functions/api/console/files.ts';
import { putApiKey } from '../../functions/core/access/api-key.ts';
import type { DomainStatus, SenderDomains } from '../../functions/core/email/accept/sender-domain.ts';
import { newId } from '../../functions/core/ids.ts';
import type { Backend } from '../../functions/core/ports/backend.ts';
import type { LogFields, Logger } from '../../functions/core/ports/telemetry.ts';
import type { TaskManifest } from '../../functions/core/run/definition/manifest.ts';
import type { Operations } from '../../functions/runtime/operations/operations.ts';
import { createMemoryBackend, type MemoryBackend } from './memory-backend.ts';
import { createRecordedMetrics } from './recorded-metrics.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what the API answers is what the tests are about.
  readonly body: any;
}

export interface ApiClient {
  readonly backend: MemoryBackend;
  readonly clock: { nowMs: number };
  /** The domains at the mail provider. */
  readonly verification: Map<string, DomainStatus>;
  readonly logged: { readonly level: string; readonly message: string; readonly fields: LogFields | undefined }[];
  readonly log: Logger;
  readonly app: ReturnType<typeof createApp>;
  /** Makes a request, with the full key by default; a body that is no string is sent as JSON. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export const FULL_KEY = 'so_full';
export const SENDING_KEY = 'so_sending';

/** The API on the ports in memory, with a full key, a sending key, and a clock that tests can set; a request that waits sets it, too. */
export async function createApiClient(
  wrap: (backend: MemoryBackend) => Backend = (backend) => backend,
  {
    tasks,
    ...options
  }: Partial<Pick<ApiDependencies, 'broadcastFooter' | 'keyRateLimit' | 'operations' | 'keepStatus'>> & {
    readonly tasks?: TaskManifest;
  } = {},
): Promise<ApiClient> {
  const clock = { nowMs: Date.parse('2026-11-21T12:00:00Z') };
  const now = () => clock.nowMs;
  const backend = createMemoryBackend({ now });
  const logged: ApiClient['logged'][number][] = [];
  const at = (level: string) => (message: string, fields?: LogFields) => void logged.push({ level, message, fields });
  const verification = new Map<string, DomainStatus>([['example.com', 'verified']]);
  const log = { info: at('info'), warn: at('warn'), error: at('error') };
  await putApiKey(backend.table, FULL_KEY, { name: 'Full', permission: 'full_access' }, now() - 2);
  await putApiKey(backend.table, SENDING_KEY, { name: 'Sending', permission: 'sending_access' }, now() - 1);
  const app = createApp({
    backend: wrap(backend),
    now,
    newId,
    retentionMs: 30 * 86_400_000,
    log,
    metrics: createRecordedMetrics(),
    domains: domainsOf(verification),
    region: 'eu-west-1',
    console: { files: consoleFiles, deployment: 'Sendoff', inbox: undefined },
    ...(tasks ? { tasks: { manifest: () => tasks, backend: () => wrap(backend) } } : {}),
    operations: noOperations,
    sleep: async (ms) => {
      clock.nowMs += ms;
    },
    ...options,
  });
  return {
    backend,
    clock,
    verification,
    logged,
    log,
    app,
    ask: async (method, path, body, headers = {}) => {
      const payload = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
      const response = await app.request(`http://api.example${path}`, {
        method,
        headers: { authorization: `Bearer ${FULL_KEY}`, ...headers },
        ...(payload === undefined ? {} : { body: payload }),
      });
      const text = await response.text();
      const isText = /^text\/(?:csv|plain)/.test(response.headers.get('content-type') ?? '');
      const answered = text === '' ? undefined : isText ? text : JSON.parse(text);
      return { status: response.status, headers: response.headers, body: answered };
    },
  };
}

/** A deployment without queues. */
const noOperations: Operations = {
  inspection: async () => ({
    depths: async () => [],
    deadLetters: {
      count: async () => 0,
      async *pages() {},
      find: async () => undefined,
    },
  }),
  series: { read: () => Promise.reject(new Error('there are no metrics here')), ages: async () => new Map() },
};

/** A console of one page, one script and one style. */
const consoleFiles: ConsoleFiles = {
  read: async (name) => {
    const texts = new Map([
      ['index.html', '<script type="module" src="{base}assets/main.ABCDEFGH.js"></script>'],
      ['main.ABCDEFGH.js', 'plain'],
      ['main.ABCDEFGH.js.br', 'brotli'],
      ['main.ABCDEFGH.js.gz', 'gzip'],
    ]);
    const text = texts.get(name);
    return text === undefined ? undefined : Buffer.from(text);
  },
};

function domainsOf(verification: ReadonlyMap<string, DomainStatus>): SenderDomains {
  return {
    names: async () => [...verification.keys()],
    statuses: async (names) => new Map(names.map((name) => [name, verification.get(name) ?? 'not_started'])),
    dkim: async (name) => ({ tokens: [`${name}-1`, `${name}-2`], status: verification.get(name) ?? 'not_started' }),
    mailFrom: async (name) => (name === 'example.com' ? undefined : { domain: `bounce.${name}`, status: 'pending' }),
  };
}
