import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** True in a checkout, where the sources run as they are; false in the installed package, whose code is in dist/. */
export const isCheckout = import.meta.filename.endsWith('.ts');

/** The folder of our package.json. */
export const packageRoot = join(import.meta.dirname, isCheckout ? '..' : '../..');

/** The fields of our package.json that are read. */
export interface PackageJson {
  readonly version: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly peerDependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

/** Our package.json. */
export function packageJson(): PackageJson {
  return JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8'));
}
