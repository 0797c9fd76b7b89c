import { chmodSync, mkdirSync } from 'node:fs';

/** Makes a directory, if need be, and lets this user alone into it: also one that was there and was open to others. */
export function makePrivateDirectory(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
  chmodSync(path, 0o700);
}
