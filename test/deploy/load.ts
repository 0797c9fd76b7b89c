import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { anEmail } from '../flows/an-email.ts';

const CLIENTS = 3;
/** Leaves CPU time to the deployment on the same machine. */
const PAUSE_MS = 40;
const RETRY_MS = 100;

/** The result of a load. */
export interface LoadResult {
  /** The ids of all accepted emails by their subjects. */
  readonly accepted: ReadonlyMap<string, string>;
  /** The answers that were not 2xx; each request was repeated with its key until it was accepted. */
  readonly refused: readonly string[];
}

export interface Load {
  /** Stops after the requests that are in flight. */
  stop(): Promise<LoadResult>;
}

/** Posts emails one after the other on a few connections, and repeats failed requests with their idempotency key. */
export function startLoad(url: string, apiKey: string): Load {
  const accepted = new Map<string, string>();
  const refused: string[] = [];
  let stopping = false;
  const client = async () => {
    while (!stopping) {
      const email = anEmail({ subject: `Load ${randomUUID()}` });
      accepted.set(email.subject, await postUntilAccepted(url, apiKey, email, refused));
      await sleep(PAUSE_MS);
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  // stop() reports the error.
  clients.catch(() => {});
  return {
    stop: async () => {
      stopping = true;
      await clients;
      return { accepted, refused };
    },
  };
}

async function postUntilAccepted(
  url: string,
  apiKey: string,
  email: { subject: string },
  refused: string[],
): Promise<string> {
  const request = {
    method: 'POST',
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': email.subject,
    },
    body: JSON.stringify(email),
  };
  for (;;) {
    const response = await fetch(`${url}/emails`, request);
    if (response.ok) return ((await response.json()) as { id: string }).id;
    const text = await response.text();
    // Repeating the request would not help.
    if (response.status < 500 && response.status !== 429)
      throw new Error(`POST /emails answered ${response.status}: ${text}`);
    refused.push(`${response.status} ${text}`);
    await sleep(RETRY_MS);
  }
}
