import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { bundle, handlerEntry } from '../../../lib/bundle.ts';
import type { BackendName } from '../../../lib/handlers.ts';

const directory = mkdtempSync(join(tmpdir(), 'bundles-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** A package without `sideEffects: false` leaves less than this of each file that the bundler drops. */
const LEFTOVER_BYTES = 2_000;

/** The files of packages and of ours that a cold start of the function reads. */
function coldInputs(name: string, backend: BackendName): string[] {
  const { metafile } = bundle(handlerEntry(name), join(directory, `${backend}-${name}`), backend);
  const seen = new Set<string>();
  const visit = (file: string): string[] => {
    const output = metafile.outputs[file];
    if (!output || seen.has(file)) return [];
    seen.add(file);
    const used = Object.entries(output.inputs).flatMap(([input, { bytesInOutput }]) =>
      bytesInOutput > LEFTOVER_BYTES ? input : [],
    );
    return [...used, ...output.imports.flatMap(({ kind, path }) => (kind === 'import-statement' ? visit(path) : []))];
  };
  return visit('index.mjs');
}

const mailer = /client-ses|ses-mailer|mail-composer|mime\/compose/;
const aws = /client-(?:dynamodb|sqs)|aws\/backend/;
/** Loaded by the first job of an import. */
const imports = /audience\/(?:import-run|import-columns|csv)/;
const redis = /upstash|adapters\/redis/;

describe('a cold start', () => {
  it.each([
    ['webhook', 'aws', [mailer, redis], aws],
    ['api', 'aws', [mailer, redis], aws],
    ['api', 'redis', [mailer, aws], redis],
    ['redis-consumer', 'redis', [aws, imports], redis],
    ['redis-watchdog', 'redis', [mailer, aws], redis],
  ] as const)('of %s with backend=%s reads only clients that it uses', (name, backend, never, always) => {
    const inputs = coldInputs(name, backend);
    expect(inputs.filter((input) => never.some((unwanted) => unwanted.test(input)))).toEqual([]);
    expect(inputs.filter((input) => always.test(input))).not.toEqual([]);
  });
});
