import { chmodSync, mkdirSync } from 'node:fs';

/** Creates a directory if it does not exist, and makes it accessible to this user alone. */
export function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
}
