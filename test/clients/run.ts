import { availableParallelism } from 'node:os';
import { installPackages, isInstalled } from './build.ts';
import { clients } from './catalogue.ts';
import type { BuiltClient, Client } from './client.ts';
import { formatReport, hasFailed, type Row } from './report.ts';
import { type CaseResult, runClient } from './run-client.ts';
import { backends } from './running-sendoff.ts';

/**
 * Other people's clients against the local cloud, on both backends: `npm run test:clients [-- NAME…]`. Ends with a
 * table and, if one case failed, with exit code 1. What a machine lacks is installed with apt-get; a client whose tools
 * cannot be had is skipped with the reason, which with CI=true is a failure.
 */
const names = process.argv.slice(2);
const chosen = names.length === 0 ? clients : clients.filter(({ name }) => names.includes(name));
if (chosen.length === 0) throw new Error(`No such client; there are ${clients.map(({ name }) => name).join(', ')}`);

await installMissing(chosen);
// All builds come first: a compiler beside it starves a local cloud, and clients have time-outs of their own.
const built = await inParallel(chosen, build);
const rows = (await inParallel(built, runOnEachBackend)).flat();
console.log(formatReport(rows));
process.exitCode = hasFailed(rows, process.env.CI !== 'true') ? 1 : 0;

/** All at once, for apt-get runs alone. What is missing after that is told by the client's row. */
async function installMissing(wanted: readonly Client[]): Promise<void> {
  const missing = wanted.flatMap(({ needs }) =>
    Object.entries(needs).flatMap(([command, packages]) => (isInstalled(command) ? [] : packages)),
  );
  if (missing.length === 0) return;
  console.log(`Installing ${missing.join(' ')}`);
  await installPackages(missing).catch((error) => console.log(String(error)));
}

type Build = { readonly client: Client; readonly built: BuiltClient } | { readonly row: Row };

async function build(client: Client): Promise<Build> {
  const { name, version, needs } = client;
  const missing = Object.keys(needs).filter((command) => !isInstalled(command));
  if (missing.length > 0) {
    const skipped = `${missing.join(', ')} could not be installed`;
    return { row: { client: name, version, results: [], skipped } };
  }
  const startedMs = Date.now();
  try {
    const built = await client.build();
    console.log(`${name}: built in ${seconds(startedMs)}`);
    return { client, built };
  } catch (error) {
    return { row: { client: name, version, results: [failure('build', error)] } };
  }
}

async function runOnEachBackend(build: Build): Promise<Row[]> {
  if ('row' in build) return [build.row];
  const { client, built } = build;
  const rows: Row[] = [];
  for (const backend of backends) {
    const startedMs = Date.now();
    const row = { client: client.name, version: client.version, backend };
    try {
      rows.push({ ...row, ...(await runClient(built, backend)) });
    } catch (error) {
      rows.push({ ...row, results: [failure('start', error)] });
    }
    console.log(`${client.name} on ${backend}: done after ${seconds(startedMs)}`);
  }
  await built.close?.();
  return rows;
}

function failure(name: string, error: unknown): CaseResult {
  return { case: name, ok: false, error: error instanceof Error ? error.message : String(error) };
}

function seconds(sinceMs: number): string {
  return `${((Date.now() - sinceMs) / 1_000).toFixed(0)} s`;
}

/** Maps in order of the list, a core each: most of a run is waiting, most of a build is not. */
async function inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = [...items.entries()];
  const worker = async () => {
    for (let next = rest.shift(); next; next = rest.shift()) results[next[0]] = await work(next[1]);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  return results;
}
