import type { Sent, Way } from '../app.ts';
import type { StepName } from '../steps.ts';
import { type Click, nextPaintOf, observePaints, painted, send, stepsBehind } from './clicks.ts';

const titles: Readonly<Record<StepName, string>> = {
  request: 'request, answer',
  queue: 'on the queue',
  claim: 'claim',
  ses: 'mail server',
  delivered: 'delivered after',
};

const clicks: Click[] = [];
const last = new Map<Way, Click>();

const whole = (ms: number) => `${Math.round(ms)} ms`;
const element = <T extends HTMLElement>(selector: string): T => document.querySelector<T>(selector) as T;

function make(tag: string, className: string, text = ''): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

async function onClick(event: MouseEvent, way: Way): Promise<void> {
  const section = element(`#${way}`);
  section.querySelector('.answer')?.remove();
  const answer = make('p', 'answer', '…');
  answer.setAttribute('role', 'status');
  element(`#${way} button`).after(answer);
  const sent = await send(way);
  const words = make('div', '', 'Thank you');
  answer.replaceChildren(words);
  const answerMs = (await painted(words, `answer-${event.timeStamp}`)) - event.timeStamp;
  words.textContent = whole(answerMs);
  // The timeline follows when the email is delivered; meanwhile the button works.
  void showSteps(event, way, sent, answerMs).catch((error) => answer.append(String(error)));
}

async function showSteps(event: MouseEvent, way: Way, sent: Sent, answerMs: number): Promise<void> {
  const steps = await stepsBehind(event, way, sent);
  const click = { way, answerMs, nextPaintMs: nextPaintOf(event), steps };
  clicks.push(click);
  last.set(way, click);
  element(`#${way} .answer`).replaceChildren(whole(answerMs), make('small', '', notes(click)));
  for (const each of last.values()) draw(each);
}

function notes({ way, nextPaintMs }: Click): string {
  const ofWay = clicks.filter((click) => click.way === way).map(({ answerMs }) => answerMs);
  const median = ofWay.toSorted((a, b) => a - b)[Math.floor(ofWay.length / 2)] ?? 0;
  const next = nextPaintMs === undefined ? 'less than 16 ms' : whole(nextPaintMs);
  return `from click to painted answer; median of ${ofWay.length}: ${whole(median)}. Next paint: ${next}`;
}

/** Draws what happened behind a click; both ways have the same scale. */
function draw({ way, answerMs, steps }: Click): void {
  const ends = [...last.values()].flatMap((click) => [click.answerMs, ...click.steps.map(({ endMs }) => endMs)]);
  const scaleMs = Math.max(...ends);
  const list = make('dl', '');
  const row = (title: string, startMs: number, endMs: number, text: string, className = '') => {
    const bar = make('dd', 'bar');
    const mark = make('i', className);
    mark.style.left = `${(100 * startMs) / scaleMs}%`;
    mark.style.width = `${(100 * (endMs - startMs)) / scaleMs}%`;
    bar.append(mark);
    list.append(make('dt', '', title), bar, make('dd', 'ms', text));
  };
  row('you wait', 0, answerMs, whole(answerMs), 'waits');
  for (const { name, startMs, endMs } of steps)
    row(titles[name], startMs, endMs, whole(name === 'delivered' ? endMs : endMs - startMs));
  element(`#${way}`).querySelector('dl')?.remove();
  element(`#${way}`).append(list);
}

observePaints();
for (const button of document.querySelectorAll<HTMLButtonElement>('[data-way]')) {
  const way: Way = button.dataset.way === 'sendoff' ? 'sendoff' : 'inside';
  button.addEventListener('click', (event) => {
    button.disabled = true;
    onClick(event, way)
      .catch((error) => button.after(make('p', 'answer', String(error))))
      .finally(() => {
        button.disabled = false;
        button.focus();
      });
  });
}
element<HTMLInputElement>('#latency').addEventListener('input', ({ target }) => {
  const { value } = target as HTMLInputElement;
  element('#latency-ms').textContent = value;
  void fetch(`latency/${value}`, { method: 'PUT' });
});
// For the run in CI's browser, which prints what the page shows.
Object.assign(window, { clicks });
