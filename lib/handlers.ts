import { join } from 'node:path';

/** Where queues and documents are. */
export type BackendName = 'aws' | 'redis';

/** The backends that each handler is bundled for; a handler is a folder in functions/ with a handler.ts. */
export const handlers = {
  api: ['aws', 'redis'],
  feedback: ['aws', 'redis'],
  send: ['aws'],
  schedule: ['aws'],
  webhook: ['aws'],
  'redis-consumer': ['redis'],
  'redis-watchdog': ['redis'],
} as const satisfies Readonly<Record<string, readonly BackendName[]>>;

/** Where a bundle lies below dist/. */
export function bundlePath(handler: string, backend: BackendName): string {
  return join('functions', handler, backend);
}

/** The folder of the web console below dist/, and beside a function's index.mjs. */
export const CONSOLE_FOLDER = 'console';
