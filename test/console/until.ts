const PAUSE_MS = 100;
const PATIENCE_MS = 180_000;

/** Asks again and again until the answer is truthy, and answers it; throws after three minutes. */
export async function until<T>(ask: () => Promise<T>): Promise<T> {
  const giveUpAtMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const answer = await ask();
    if (answer) return answer;
    if (Date.now() > giveUpAtMs) throw new Error(`It did not happen within three minutes: ${ask}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
