const startedAtMs = performance.now();
let passed = 0;
const failures: string[] = [];

/** Prints a line of progress. */
export function print(text = ''): void {
  process.stdout.write(`${text}\n`);
}

/** Runs one step of the test and prints its result, duration and a detail; rethrows its error. */
export async function step<T>(name: string, work: () => Promise<T>, detail?: (result: T) => string): Promise<T> {
  const stepStartedAtMs = performance.now();
  const took = () => `${((performance.now() - stepStartedAtMs) / 1000).toFixed(1)} s`.padStart(8);
  try {
    const result = await work();
    passed++;
    print(`  ok    ${took()}  ${name}${detail ? `: ${detail(result)}` : ''}`);
    return result;
  } catch (error) {
    failures.push(name);
    print(`  FAIL  ${took()}  ${name}`);
    throw error;
  }
}

/** Runs one part of the test. When it fails, the next part still runs. */
export async function part(name: string, work: () => Promise<void>): Promise<void> {
  print(`\n${name}`);
  try {
    await work();
  } catch (error) {
    if (failures.length === 0) failures.push(name);
    print(
      `        ${(error instanceof Error ? (error.stack ?? error.message) : String(error)).replaceAll('\n', '\n        ')}`,
    );
  }
}

/** Prints the last line; true if every step passed. */
export function summary(): boolean {
  print(`\n${passed} passed, ${failures.length} failed in ${((performance.now() - startedAtMs) / 1000).toFixed(0)} s`);
  return failures.length === 0;
}
