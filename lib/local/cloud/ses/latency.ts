/** Delays that can be ended early. */
export type Latency = {
  /** Resolves after `ms`; at once when `ms` is 0. Rejects at `end`. */
  pass(ms: number): Promise<void>;
  end(): void;
};

/** Delays answers. When the emulator closes, requests that wait are refused: their callers are gone, and would not know of an email. */
export function createLatency(): Latency {
  const waiting = new Map<NodeJS.Timeout, (error: Error) => void>();
  return {
    pass: async (ms) => {
      if (ms <= 0) return;
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => {
          waiting.delete(timer);
          resolve();
        }, ms);
        waiting.set(timer, reject);
      });
    },
    end: () => {
      for (const [timer, reject] of waiting) {
        clearTimeout(timer);
        reject(new Error('the local SES is closing'));
      }
      waiting.clear();
    },
  };
}
