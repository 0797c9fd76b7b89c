import { signal } from '@preact/signals';

/** The time that relative times refer to (ms); moves every 5 s. */
export const nowMs = signal(Date.now());

if (typeof document !== 'undefined')
  setInterval(() => {
    if (!document.hidden) nowMs.value = Date.now();
  }, 5000);
