import type { Sent, Way } from '../app.ts';
import type { Step } from '../steps.ts';

/** One click and what came of it; times are ms after the click. */
export interface Click {
  readonly way: Way;
  /** From the click to the painted answer. */
  readonly answerMs: number;
  /** From the click to the next paint, as the Event Timing API reports it; absent below its 16 ms. */
  readonly nextPaintMs: number | undefined;
  readonly steps: readonly Step[];
}

const nextPaints = new Map<number, number>();
const paintings = new Map<string, (atMs: number) => void>();

/** Starts listening for the times that the browser itself measures. */
export function observePaints(): void {
  new PerformanceObserver((list) => {
    for (const { name, startTime, duration } of list.getEntries())
      if (name === 'click') nextPaints.set(startTime, duration);
  }).observe({ type: 'event', durationThreshold: 16, buffered: true } as PerformanceObserverInit);
  if (!PerformanceObserver.supportedEntryTypes.includes('element')) return;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { identifier: string; renderTime: number })[])
      paintings.get(entry.identifier)?.(entry.renderTime);
  }).observe({ type: 'element', buffered: true });
}

/** Resolves with the time at which a new block with text was painted: by Element Timing where the browser has it. */
export function painted(element: HTMLElement, name: string): Promise<number> {
  element.setAttribute('elementtiming', name);
  return new Promise((resolve) => {
    if (PerformanceObserver.supportedEntryTypes.includes('element')) return void paintings.set(name, resolve);
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
  });
}

/** The next paint after an event; the browser reports it a moment later. */
export const nextPaintOf = (event: Event): number | undefined => nextPaints.get(event.timeStamp);

/** Sends one email. */
export async function send(way: Way): Promise<Sent> {
  const response = await fetch(`send/${way}`, { method: 'POST' });
  if (!response.ok) throw new Error(`The app answered ${response.status}.`);
  return (await response.json()) as Sent;
}

/** Everything that happened behind a click, in ms after it. Resolves when the email is delivered, or SES has it. */
export async function stepsBehind(event: Event, way: Way, { id, request }: Sent): Promise<readonly Step[]> {
  const response = await fetch(`steps/${id}/${way === 'sendoff' ? 'delivered' : 'ses'}`);
  const others = (await response.json()) as Step[];
  const clickedAtMs = performance.timeOrigin + event.timeStamp;
  return [request, ...others].map(({ name, startMs, endMs }) => ({
    name,
    startMs: startMs - clickedAtMs,
    endMs: endMs - clickedAtMs,
  }));
}
