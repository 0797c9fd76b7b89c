/** A clock that stands until it is turned, and jumps from one event to the next: days pass in seconds. Times are ms. */
export interface SimulatedTime {
  readonly now: () => number;
  /** Resolves when so much simulated time has passed. */
  readonly wait: (ms: number) => Promise<void>;
  /** Lets time pass until the work settles, and settles as it does; rejects when nothing waits for a time before that. */
  run<T>(work: Promise<T>): Promise<T>;
  /** Lets everything happen that is due until then (epoch ms). */
  runUntil(atMs: number): Promise<void>;
  /** Turns the clock on at once: what waits comes later than it asked for, as after a freeze. */
  skip(ms: number): void;
}

export interface SimulatedTimeOptions {
  /** When the clock begins, epoch ms. */
  readonly startMs?: number;
  /** Round the times of events up to whole ms, so that many of them share a step. */
  readonly wholeMs?: boolean;
}

/** Makes a clock that nobody has turned. */
export function createSimulatedTime({
  startMs = Date.parse('2026-11-21T12:00:00Z'),
  wholeMs = false,
}: SimulatedTimeOptions = {}): SimulatedTime {
  let nowMs = startMs;
  const due = new Map<number, (() => void)[]>();
  const times = createHeap();
  /** Everything that follows from the last event, before time goes on. */
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  /** Lets the next event happen. */
  const step = () => {
    const atMs = times.pop() ?? nowMs;
    nowMs = Math.max(nowMs, atMs);
    const events = due.get(atMs) ?? [];
    due.delete(atMs);
    for (const happen of events) happen();
  };
  return {
    now: () => nowMs,
    wait: (ms) =>
      new Promise((resolve) => {
        const atMs = nowMs + Math.max(0, wholeMs ? Math.ceil(ms) : ms);
        const standing = due.get(atMs);
        if (standing) standing.push(resolve);
        else {
          due.set(atMs, [resolve]);
          times.push(atMs);
        }
      }),
    async run(work) {
      let settled = false;
      const end = () => {
        settled = true;
      };
      work.then(end, end);
      for (await settle(); !settled; await settle()) {
        if (times.first() === undefined) throw new Error('nothing waits for a time, and the work is not done');
        step();
      }
      return work;
    },
    async runUntil(untilMs) {
      for (await settle(); (times.first() ?? Number.POSITIVE_INFINITY) <= untilMs; await settle()) step();
      nowMs = untilMs;
    },
    skip: (ms) => {
      nowMs += ms;
    },
  };
}

/** The least number first. */
function createHeap() {
  const heap: number[] = [];
  const at = (index: number) => heap[index] ?? Number.POSITIVE_INFINITY;
  const swap = (a: number, b: number) => {
    const kept = at(a);
    heap[a] = at(b);
    heap[b] = kept;
  };
  return {
    first: () => heap[0],
    push(value: number) {
      let index = heap.push(value) - 1;
      for (let up = (index - 1) >> 1; index > 0 && at(up) > at(index); index = up, up = (index - 1) >> 1)
        swap(up, index);
    },
    pop(): number | undefined {
      const first = heap[0];
      const last = heap.pop();
      if (heap.length === 0 || last === undefined) return first;
      heap[0] = last;
      for (let index = 0; ; ) {
        const left = 2 * index + 1;
        const least = at(left + 1) < at(left) ? left + 1 : left;
        if (at(least) >= at(index)) return first;
        swap(index, least);
        index = least;
      }
    },
  };
}
