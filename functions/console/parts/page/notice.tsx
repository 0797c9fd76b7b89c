import { signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import type { ApiError } from '../../api/request.ts';
import { duration } from '../values/formats.ts';

type NoticeTone = 'good' | 'bad' | 'warn' | 'calm';

/** A message in the page. */
export function Notice({ tone = 'calm', children }: { tone?: NoticeTone; children: ComponentChildren }) {
  return (
    <div class={`notice ${tone}`} role={tone === 'bad' ? 'alert' : undefined}>
      {children}
    </div>
  );
}

/** Why a request failed and what to do; `retry` asks again. */
export function ErrorNotice({ error, retry }: { error: ApiError; retry?: () => unknown }) {
  if (error.status === 401) return null;
  return (
    <Notice tone="bad">
      <p>{sentenceOf(error)}</p>
      {retry && (
        <button type="button" onClick={() => void retry()}>
          Try again
        </button>
      )}
    </Notice>
  );
}

function sentenceOf({ status, message, retryAfterSeconds }: ApiError): string {
  if (status === 429) return `Too many requests. Try again in ${duration((retryAfterSeconds ?? 1) * 1000)}.`;
  if (status >= 500) return `The API failed (${status}). ${message}`;
  return message;
}

interface Notification {
  readonly id: number;
  readonly text: string;
  readonly tone: NoticeTone;
}

const SHOWN_MS = 6000;
const notifications = signal<readonly Notification[]>([]);
let lastId = 0;

/** Shows a short message in the corner for 6 s; errors stay until they are closed. */
export function notify(text: string, tone: NoticeTone = 'good'): void {
  lastId += 1;
  const id = lastId;
  notifications.value = [...notifications.value, { id, text, tone }];
  if (tone !== 'bad') setTimeout(() => close(id), SHOWN_MS);
}

const close = (id: number) => {
  notifications.value = notifications.value.filter((shown) => shown.id !== id);
};

/** Where `notify` writes. */
export function Notifications() {
  return (
    <div class="notifications" role="status" aria-live="polite">
      {notifications.value.map(({ id, text, tone }) => (
        <div key={id} class={`notice ${tone}`}>
          <p>{text}</p>
          <button type="button" class="quiet" aria-label="Close message" onClick={() => close(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
