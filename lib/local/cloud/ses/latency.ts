/** Delays that can be ended early. */
export type Latency = {
  /** Resolves after `ms`, or at `end`; at once when `ms` is 0. */
  pass(ms: number): Promise<void>;
  end(): void;
};

/** Delays answers; when the emulator closes, pending ones are answered at once. */
export function createLatency(): Latency {
  const waiting = new Map<NodeJS.Timeout, () => void>();
  return {
    pass: async (ms) => {
      if (ms <= 0) return;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          waiting.delete(timer);
          resolve();
        }, ms);
        waiting.set(timer, resolve);
      });
    },
    end: () => {
      for (const [timer, resolve] of waiting) {
        clearTimeout(timer);
        resolve();
      }
      waiting.clear();
    },
  };
}
