import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 150;

/** Asks until the answer is yes: neither emulator can tell when something happens. Throws when it takes longer than this, in ms. */
export async function until(what: string, ask: () => Promise<boolean>, withinMs = 150_000): Promise<void> {
  const endMs = performance.now() + withinMs;
  while (!(await ask())) {
    if (performance.now() > endMs) throw new Error(`After ${withinMs / 1000} s still waiting until ${what}`);
    await sleep(POLL_MS);
  }
}
