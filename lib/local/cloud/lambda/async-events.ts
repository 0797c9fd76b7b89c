import type { InvocationResult } from './result.ts';

const throttledPauseSeconds = 1;

/** How the events of one function are retried. */
export type AsyncEventOptions = {
  run: (payload: string) => Promise<InvocationResult>;
  /** Waits before the first and the second retry; 60 and 120 on AWS. */
  retryDelaysSeconds: number[];
  /** A function, since the template may set the value after the function is created. */
  maximumRetryAttempts: () => number;
  onDropped: (attempts: number) => void;
  /** Called when an event has succeeded or was dropped. */
  onDone: () => void;
};

/** Lambda's queue for asynchronous invocations. */
export type AsyncEvents = {
  accept: (payload: string) => void;
  /** Events that are not done. */
  waiting: () => number;
  close: () => void;
};

/** Runs events at once and retries failed ones. A throttled event waits and uses no attempt, as on AWS. */
export function createAsyncEvents(options: AsyncEventOptions): AsyncEvents {
  const timers = new Set<NodeJS.Timeout>();
  let waiting = 0;
  let isClosed = false;
  const later = (delaySeconds: number, run: () => void) => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      run();
    }, delaySeconds * 1000);
    timers.add(timer);
  };
  const attempt = async (payload: string, earlierAttempts: number): Promise<void> => {
    const result = await options.run(payload);
    if (result.throttled && !isClosed) return later(throttledPauseSeconds, () => attempt(payload, earlierAttempts));
    const attempts = earlierAttempts + 1;
    if (result.error && !isClosed && attempts <= options.maximumRetryAttempts()) {
      const delays = options.retryDelaysSeconds;
      return later(delays[attempts - 1] ?? delays.at(-1) ?? 0, () => attempt(payload, attempts));
    }
    if (result.error) options.onDropped(attempts);
    waiting -= 1;
    options.onDone();
  };
  return {
    accept: (payload) => {
      waiting += 1;
      void attempt(payload, 0);
    },
    waiting: () => waiting,
    close: () => {
      isClosed = true;
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
