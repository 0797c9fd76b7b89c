/** `npm run scale`: simulates each load and prints the tables of docs/scale.md. Takes some minutes. */
import { simulateHandover } from './handover.ts';
import { simulateImport } from './imports.ts';
import { loads } from './loads.ts';
import { simulate } from './sending.ts';

const seconds = (startedMs: number) => `${((Date.now() - startedMs) / 1000).toFixed(0)} s`;

for (const memoryMb of [512, 1_769]) {
  const startedMs = Date.now();
  const outcome = await simulateHandover({ emails: 100_000, memoryMb, indexShards: 4 });
  console.info(`100,000 emails due at once, ${memoryMb} MB:`, outcome, seconds(startedMs));
}
for (const [name, load] of Object.entries(loads)) {
  const startedMs = Date.now();
  console.info(`${name}, ${load.seconds} s of it:`, await simulate(load), seconds(startedMs));
}
console.info('100,000 contacts imported into a segment:', await simulateImport(100_000));
