import type { IncomingMessage } from 'node:http';

const OWN_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** Checks for whom a request is meant. */
export interface HostCheck {
  /** Whether its Host header names this machine. */
  allows(request: Pick<IncomingMessage, 'headers'>): boolean;
  /** What to tell the others, who get a 403. */
  readonly refusal: string;
}

/**
 * A web page whose own name was made to lead to 127.0.0.1 could read what a server on loopback answers (DNS rebinding): its
 * requests have that name in the Host header. `more` are names to allow beside this machine's own.
 */
export function createHostCheck(more: readonly string[] = []): HostCheck {
  const allowed = new Set([...OWN_HOSTS, ...more.map((name) => name.toLowerCase())]);
  return {
    allows: ({ headers: { host = '' } }) => allowed.has(host.toLowerCase().replace(/:\d*$/, '')),
    refusal: `Only ${[...allowed].join(', ')} may be in the Host header; --host NAME allows another name.`,
  };
}
