import { Agent, request } from 'node:http';
import type { LocalSendoff } from '../../lib/local/start.ts';
import { typicalEmail } from './typical-email.ts';

/** The speed of a load of requests. */
export interface LoadResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Requests as a backend service makes them: JSON over connections that are kept. */
export interface Load {
  /** Makes `count` requests with so many clients, each waiting for its answer before the next. */
  run(count: number, clients: number): Promise<LoadResult>;
  close(): void;
}

/** Accepts of typical emails at `POST /emails`. */
export const acceptLoad = ({ cloud, apiKey }: LocalSendoff): Load =>
  load(`${cloud.apiUrl}/emails`, { authorization: `Bearer ${apiKey}` });

/** Calls of a task of the user with these arguments. */
export const callLoad = ({ cloud, apiKey }: LocalSendoff, task: string, args: unknown): Load =>
  load(`${cloud.apiUrl}/tasks/${task}`, { authorization: `Bearer ${apiKey}` }, () => ({ args }));

/** The same emails, or other bodies, sent to another URL. */
export function load(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  bodyOf: (number: number) => unknown = typicalEmail,
): Load {
  const agent = new Agent({ keepAlive: true });
  let sent = 0;
  const post = () =>
    new Promise<void>((resolve, reject) => {
      const body = Buffer.from(JSON.stringify(bodyOf(sent++)));
      const all = { ...headers, 'content-type': 'application/json', 'content-length': body.length };
      const outgoing = request(url, { agent, method: 'POST', headers: all }, (response) => {
        response.resume();
        const { statusCode } = response;
        response.on('end', () =>
          statusCode === 200 || statusCode === 202 ? resolve() : reject(new Error(`${url} answered ${statusCode}`)),
        );
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  return {
    run: async (count, clients) => {
      const times: number[] = [];
      let left = count;
      const client = async () => {
        while (left-- > 0) {
          const startedAtMs = performance.now();
          await post();
          times.push(performance.now() - startedAtMs);
        }
      };
      const startedAtMs = performance.now();
      await Promise.all(Array.from({ length: clients }, client));
      const seconds = (performance.now() - startedAtMs) / 1000;
      times.sort((a, b) => a - b);
      const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
      return { perSecond: count / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
    },
    close: () => agent.destroy(),
  };
}
