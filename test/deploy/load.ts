import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { anEmail } from '../flows/an-email.ts';

const CLIENTS = 3;
/** Leaves the CPU to the deployment, with which it shares this machine. */
const PAUSE_MS = 40;
const RETRY_MS = 100;

/** What a load did. */
export interface LoadResult {
  /** The subject of every email that was answered 2xx, and its id. */
  readonly accepted: ReadonlyMap<string, string>;
  /** Requests that were not answered 2xx; each was sent again under its key until it was. */
  readonly refused: readonly string[];
}

export interface Load {
  /** Lets every client end the request it is in. */
  stop(): Promise<LoadResult>;
}

/** Posts emails, one after the other on a few connections, as callers do that try again with their idempotency key. */
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
  // Told by stop(); until then nobody waits for it.
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
    // What the caller did wrong stays wrong.
    if (response.status < 500 && response.status !== 429)
      throw new Error(`POST /emails answered ${response.status}: ${text}`);
    refused.push(`${response.status} ${text}`);
    await sleep(RETRY_MS);
  }
}
