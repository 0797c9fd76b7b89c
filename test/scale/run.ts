/**
 * `npm run scale`: simulates each load and prints the tables of docs/scale.md. Takes some minutes. `npm run scale -- broadcast [RECIPIENTS]`
 * simulates one broadcast, to 1,000,000 recipients if no number is given.
 */
import { simulateBroadcast } from './broadcast.ts';
import { simulateHandover } from './handover.ts';
import { simulateImport } from './imports.ts';
import { broadcastLoad, loads } from './loads.ts';
import { simulate } from './sending.ts';

const seconds = (startedMs: number) => `${((Date.now() - startedMs) / 1000).toFixed(0)} s`;

const [what, recipients = '1000000'] = process.argv.slice(2);
if (what === 'broadcast') {
  await printBroadcast(Number(recipients));
  process.exit();
}
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

/** At 10 million an hour, and functions that are killed now and then; the memory is that of the simulation. */
async function printBroadcast(recipients: number): Promise<void> {
  const startedMs = Date.now();
  const onTenth = (tenth: number) => {
    const heapMb = (process.memoryUsage().heapUsed / 1e6).toFixed(0);
    console.info(`${tenth * 10} % after ${seconds(startedMs)}, heap ${heapMb} MB`);
  };
  const outcome = await simulateBroadcast({ ...broadcastLoad, recipients, onTenth });
  console.info(`a broadcast to ${recipients.toLocaleString('en')}:`, outcome, seconds(startedMs));
  if (outcome.lost + outcome.twice > 0 || outcome.status !== 'sent') throw new Error('it was not sent to each once');
  if (outcome.counted !== recipients) throw new Error('the counters are wrong');
}
