/** A clock that jumps from event to event: what waits 15 minutes takes no time. Times are ms. */
export interface VirtualTime {
  now(): number;
  wait(ms: number): Promise<void>;
  /** Lets everything happen that is due until then. */
  runUntil(atMs: number): Promise<void>;
}

/** Makes a clock that begins at this time. Times are rounded to whole ms, so that many events share a step. */
export function createVirtualTime(startMs: number): VirtualTime {
  let nowMs = startMs;
  const due = new Map<number, (() => void)[]>();
  const times = createHeap();
  return {
    now: () => nowMs,
    wait: (ms) =>
      new Promise((resolve) => {
        const atMs = nowMs + Math.max(0, Math.ceil(ms));
        const standing = due.get(atMs);
        if (standing) standing.push(resolve);
        else {
          due.set(atMs, [resolve]);
          times.push(atMs);
        }
      }),
    async runUntil(untilMs) {
      for (;;) {
        // Everything that follows from the last step, before time goes on.
        await new Promise((resolve) => setImmediate(resolve));
        const next = times.first();
        if (next === undefined || next > untilMs) break;
        times.pop();
        nowMs = next;
        for (const resolve of due.get(next) ?? []) resolve();
        due.delete(next);
      }
      nowMs = untilMs;
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
    pop() {
      const last = heap.pop();
      if (heap.length === 0 || last === undefined) return;
      heap[0] = last;
      for (let index = 0; ; ) {
        const left = 2 * index + 1;
        const least = at(left + 1) < at(left) ? left + 1 : left;
        if (at(least) >= at(index)) return;
        swap(index, least);
        index = least;
      }
    },
  };
}
