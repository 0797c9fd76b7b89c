import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { killAll } from './child-process.ts';
import { openEmulator } from './emulator.ts';
import { part, summary, tell } from './progress.ts';
import { changedCopy } from './sources.ts';
import { runVariant } from './variant-run.ts';
import { unknownOption, variants } from './variants.ts';

const rootDirectory = join(import.meta.dirname, '..', '..');
const scratchDirectory = mkdtempSync(join(tmpdir(), 'sendoff-deploy-'));
const cleanUp = () => {
  killAll();
  rmSync(scratchDirectory, { recursive: true, force: true, maxRetries: 5 });
};
process.once('exit', cleanUp);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));

/** `npm run test:deploy -- NAME…` runs only the parts whose names contain one of these. */
const wanted = process.argv.slice(2);
const isWanted = (name: string) => wanted.length === 0 || wanted.some((text) => name.includes(text));

await part('Emulator', async () => {
  const changedDirectory = join(scratchDirectory, 'changed');
  mkdirSync(changedDirectory);
  const emulator = await openEmulator(rootDirectory, scratchDirectory);
  try {
    await changedCopy(rootDirectory, changedDirectory);
    const sources = { rootDirectory, changedDirectory, scratchDirectory };
    for (const variant of variants.filter(({ name }) => isWanted(name))) {
      const reason = unknownOption(variant);
      if (reason) tell(`\nVariant ${variant.name}\n  skip            ${reason}`);
      else await part(`Variant ${variant.name}`, () => runVariant(emulator, variant, sources));
    }
  } finally {
    await emulator.close();
  }
});
process.exitCode = summary() ? 0 : 1;
