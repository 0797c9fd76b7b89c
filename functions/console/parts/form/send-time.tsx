import type { Signal } from '@preact/signals';
import { Input } from './field.tsx';
import { toLocal } from './local-time.ts';

/** The API takes times up to so many days ahead. */
const MOST_DAYS = 30;
const DAY_MS = 86_400_000;

interface SendTimeProps {
  readonly label: string;
  /** As a `datetime-local` field has it. */
  readonly value: Signal<string>;
  /** A further sentence. */
  readonly hint?: string;
}

/** A field for the time at which something will be sent. */
export function SendTime({ label, value, hint = '' }: SendTimeProps) {
  return (
    <Input
      label={label}
      type="datetime-local"
      required
      value={value}
      min={soon(0)}
      max={soon(MOST_DAYS * DAY_MS)}
      hint={`In your time zone, ${Intl.DateTimeFormat().resolvedOptions().timeZone}; at most ${MOST_DAYS} days ahead. ${hint}`}
    />
  );
}

/** The time so long from now, as `toLocal` has it. */
const soon = (ms: number): string => toLocal(new Date(Date.now() + ms).toISOString());
