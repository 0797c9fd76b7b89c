/** Waits that can all be cut short. */
export type Latency = {
  /** Resolves after `ms`, or at `end`; at once when `ms` is 0. */
  pass(ms: number): Promise<void>;
  end(): void;
};

/** Makes answers slow: what waits when the emulator closes is answered at once. */
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
