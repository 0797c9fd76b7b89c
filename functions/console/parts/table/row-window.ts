import { type ReadonlySignal, signal } from '@preact/signals';
import type { RefObject } from 'preact';
import { useEffect, useMemo } from 'preact/hooks';

/** Rows that are in the document: from `start` to before `end`. */
interface RowWindow {
  readonly start: number;
  readonly end: number;
}

/** Lists up to this length are rendered as a whole. */
export const WINDOWED_FROM = 150;
/** Rows before and after those on the screen. */
const AROUND = 30;
/** The window moves in steps, so that most scrolling renders nothing. */
const STEP = 15;

/** The window for a list whose first row is `offsetPx` above the top of the screen. */
export function rowsInView(count: number, offsetPx: number, screenPx: number, rowPx: number): RowWindow {
  const first = Math.floor(offsetPx / rowPx / STEP) * STEP;
  const start = Math.max(0, Math.min(first - AROUND, count - 2 * AROUND));
  return { start, end: Math.min(count, first + Math.ceil(screenPx / rowPx) + STEP + AROUND) };
}

/** Follows scrolling, for a table body with rows of `rowPx`. */
export function useRowWindow(
  body: RefObject<HTMLElement | null>,
  count: number,
  rowPx: number,
): ReadonlySignal<RowWindow> {
  const window = useMemo(() => signal<RowWindow>({ start: 0, end: WINDOWED_FROM }), []);
  useEffect(() => {
    if (count <= WINDOWED_FROM) return;
    let frame = 0;
    const measure = () => {
      frame = 0;
      const offsetPx = -(body.current?.getBoundingClientRect().top ?? 0);
      const next = rowsInView(count, offsetPx, innerHeight, rowPx);
      const { start, end } = window.peek();
      if (next.start !== start || next.end !== end) window.value = next;
    };
    const onScroll = () => {
      frame ||= requestAnimationFrame(measure);
    };
    measure();
    addEventListener('scroll', onScroll, { passive: true });
    addEventListener('resize', onScroll);
    return () => {
      cancelAnimationFrame(frame);
      removeEventListener('scroll', onScroll);
      removeEventListener('resize', onScroll);
    };
  }, [body, count, rowPx, window]);
  return window;
}
