import type { IncomingMessage } from 'node:http';

const OWN_HOSTS = ['localhost', '127.0.0.1', '[::1]'];

/** Checks whether a request is meant for this machine. */
export interface HostCheck {
  /** Whether its Host header names this machine. */
  allows(request: Pick<IncomingMessage, 'headers'>): boolean;
  /** The message of the 403 for all other requests. */
  readonly refusal: string;
}

/**
 * A web page whose own name resolves to 127.0.0.1 could read the answers of a server on loopback (DNS rebinding): its
 * requests have that name in the Host header. `more` are names to allow beside this machine's own.
 */
export function createHostCheck(more: readonly string[] = []): HostCheck {
  const allowed = new Set([...OWN_HOSTS, ...more.map((name) => name.toLowerCase())]);
  return {
    allows: ({ headers: { host = '' } }) => allowed.has(host.toLowerCase().replace(/:\d*$/, '')),
    refusal: `Only ${[...allowed].join(', ')} may be in the Host header; --host NAME allows another name.`,
  };
}
