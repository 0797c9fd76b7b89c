import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 150;

/** Polls until the answer is true, because the emulators cannot report events. Throws when it takes longer than `withinMs`. */
export async function until(what: string, ask: () => Promise<boolean>, withinMs = 150_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await ask())) {
    if (performance.now() > endMs) throw new Error(`After ${withinMs / 1000} s still waiting until ${what}`);
    await sleep(POLL_MS);
  }
}
