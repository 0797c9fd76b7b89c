/** The meaning of a status for the reader. */
export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'calm';

const TONES: Readonly<Record<string, Tone>> = {
  ...tone(
    'good',
    'sent',
    'delivered',
    'opened',
    'clicked',
    'succeeded',
    'completed',
    'enabled',
    'active',
    'published',
    'verified',
    'subscribed',
    'ok',
  ),
  ...tone('bad', 'failed', 'bounced', 'complained', 'rejected', 'error', 'fail'),
  ...tone(
    'warn',
    'delivery_delayed',
    'suppressed',
    'retried',
    'retrying',
    'paused',
    'disabled',
    'held',
    'warn',
    'warning',
    'expired',
  ),
  ...tone('busy', 'sending', 'running', 'processing', 'in_progress', 'importing'),
};

function tone(of: Tone, ...statuses: string[]): Record<string, Tone> {
  return Object.fromEntries(statuses.map((status) => [status, of]));
}

const toneOf = (status: string): Tone => TONES[status] ?? 'calm';

/** A status in words, `delivery_delayed` as `delivery delayed`; its colour follows from the status unless `tone` is given. */
export function Badge({ status, tone }: { status: string; tone?: Tone }) {
  return <span class={`badge ${tone ?? toneOf(status)}`}>{status.replaceAll('_', ' ')}</span>;
}
