/** A clock that jumps to the next event, so that days pass in seconds. */
export interface SimulatedTime {
  readonly now: () => number;
  /** Resolves when so much simulated time has passed. */
  readonly wait: (ms: number) => Promise<void>;
  /** Lets time pass until this settles; rejects when nothing waits for a time and it has not. */
  run<T>(work: Promise<T>): Promise<T>;
}

interface Timer {
  readonly atMs: number;
  /** Timers of the same time fire in the order in which they were set. */
  readonly serial: number;
  readonly fire: () => void;
}

/** Makes a clock that stands at `startMs`, epoch ms. */
export function createSimulatedTime(startMs: number): SimulatedTime {
  const timers = createHeap();
  let nowMs = startMs;
  let serial = 0;
  return {
    now: () => nowMs,
    wait: (ms) =>
      new Promise((fire) => timers.push({ atMs: nowMs + Math.max(0, ms), serial: serial++, fire: () => fire() })),
    async run(work) {
      let settled = false;
      const end = () => {
        settled = true;
      };
      work.then(end, end);
      for (;;) {
        // All promises that follow from the last event settle first.
        await new Promise((resolve) => setImmediate(resolve));
        if (settled) return work;
        const first = timers.pop();
        if (!first) throw new Error('nothing waits for a time, and the work is not done');
        nowMs = Math.max(nowMs, first.atMs);
        first.fire();
        while ((timers.firstMs() ?? Number.POSITIVE_INFINITY) <= nowMs) timers.pop()?.fire();
      }
    },
  };
}

/** A binary heap of timers, the earliest first. */
function createHeap() {
  const heap: Timer[] = [];
  const before = (a: number, b: number): boolean => {
    const [one, other] = [heap[a], heap[b]];
    if (!one || !other) return false;
    return one.atMs < other.atMs || (one.atMs === other.atMs && one.serial < other.serial);
  };
  const swap = (a: number, b: number) => {
    const [one, other] = [heap[a], heap[b]];
    if (one && other) [heap[a], heap[b]] = [other, one];
  };
  return {
    firstMs: () => heap[0]?.atMs,
    push(timer: Timer) {
      heap.push(timer);
      for (let at = heap.length - 1; at > 0; ) {
        const parent = (at - 1) >> 1;
        if (!before(at, parent)) return;
        swap(at, parent);
        at = parent;
      }
    },
    pop(): Timer | undefined {
      swap(0, heap.length - 1);
      const first = heap.pop();
      for (let at = 0; ; ) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        const child = before(right, left) ? right : left;
        if (!before(child, at)) return first;
        swap(at, child);
        at = child;
      }
    },
  };
}

/** The same numbers from 0 to 1 in each run (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
