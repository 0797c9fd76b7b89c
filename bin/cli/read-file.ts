import { readFileSync } from 'node:fs';
import { CliError, exitCodes } from './errors.ts';

/** The bytes of a file that the caller named; an error of usage if it cannot be read. */
export function readFile(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new CliError(`Cannot read ${file}.`, exitCodes.usage, { cause });
  }
}
