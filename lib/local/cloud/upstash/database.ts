import { randomBytes } from 'node:crypto';
import { type RedisServer, type RedisServerOptions, startRedisServer } from './redis-server.ts';
import { type RestFront, startRestFront } from './rest-front.ts';

/** A database and how clients reach it. */
export interface LocalDatabase {
  readonly url: string;
  readonly token: string;
  /** Absent when the database is Upstash's own. */
  readonly front?: RestFront;
  /** Absent when the server is not ours: Upstash's, or that of REDIS_URL. */
  readonly server?: RedisServer;
  close(): Promise<void>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The database for the local cloud: Upstash's, if the environment names one (UPSTASH_REDIS_REST_URL and _TOKEN);
 * otherwise Upstash's REST protocol in front of the server at REDIS_URL, or of a redis-server of our own.
 * Throws an Error with the install line when there is no redis-server.
 */
export async function openLocalDatabase(
  options: RedisServerOptions = {},
  env: Environment = process.env,
): Promise<LocalDatabase> {
  const { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token, REDIS_URL } = env;
  if (url && token) return { url, token, close: async () => {} };
  const server = REDIS_URL ? undefined : await startRedisServer(options);
  const front = await startRestFront({ redis: server ?? parseRedisUrl(REDIS_URL ?? ''), token: newToken() });
  return {
    url: front.url,
    token: front.token,
    front,
    ...(server ? { server } : {}),
    close: async () => {
      await front.close();
      await server?.close();
    },
  };
}

const newToken = (): string => randomBytes(24).toString('base64url');

function parseRedisUrl(text: string): { host: string; port: number } {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== 'redis:' || url.password || !/^\/?0?$/.test(url.pathname))
    throw new Error('REDIS_URL must look like redis://host:port: without TLS, password or another database than 0');
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port || 6379) };
}
