const startedAtMs = performance.now();
let passed = 0;
const failures: string[] = [];

/** Writes a line of progress. */
export function tell(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Runs one step of the test and tells how it ended, how long it took and a detail of what came out; rethrows what it throws. */
export async function step<T>(name: string, work: () => Promise<T>, detail?: (result: T) => string): Promise<T> {
  const stepStartedAtMs = performance.now();
  const took = () => `${((performance.now() - stepStartedAtMs) / 1000).toFixed(1)} s`.padStart(8);
  try {
    const result = await work();
    passed++;
    tell(`  ok    ${took()}  ${name}${detail ? `: ${detail(result)}` : ''}`);
    return result;
  } catch (error) {
    failures.push(name);
    tell(`  FAIL  ${took()}  ${name}`);
    throw error;
  }
}

/** Runs one part of the test; a part that fails does not keep the next from running. */
export async function part(name: string, work: () => Promise<void>): Promise<void> {
  tell(`\n${name}`);
  try {
    await work();
  } catch (error) {
    if (failures.length === 0) failures.push(name);
    tell(
      `        ${(error instanceof Error ? (error.stack ?? error.message) : String(error)).replaceAll('\n', '\n        ')}`,
    );
  }
}

/** Writes the last line; answers whether all went well. */
export function summary(): boolean {
  tell(`\n${passed} passed, ${failures.length} failed in ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s`);
  return failures.length === 0;
}
