import type { linkView, recipientView } from '../../../api/broadcasts/lists.ts';
import type { broadcastDetail, broadcastSummary } from '../../../api/broadcasts/view.ts';
import type { Tone } from '../../parts/index.ts';

export type BroadcastRow = ReturnType<typeof broadcastSummary>;
export type Broadcast = ReturnType<typeof broadcastDetail>;
export type Recipient = ReturnType<typeof recipientView>;
export type Link = ReturnType<typeof linkView>;
type Status = BroadcastRow['status'];

/** The status as the console says it: the API's `queued` means that it is being sent. */
export const statusText = (status: Status): string => (status === 'queued' ? 'sending' : status);
export const statusTone = (status: Status): Tone =>
  (
    ({
      draft: 'calm',
      scheduled: 'calm',
      queued: 'busy',
      paused: 'warn',
      sent: 'good',
      canceled: 'warn',
      failed: 'bad',
    }) as const
  )[status];

export const isMoving = ({ status }: Pick<BroadcastRow, 'status'>): boolean => status === 'queued';
export const hasBegun = ({ status }: Pick<BroadcastRow, 'status'>): boolean => !['draft', 'scheduled'].includes(status);

/** Emails that SES took. Events are counted at once, sent emails only when their chunk is done: what is delivered was sent. */
export const sentOf = ({ sent, delivered }: Broadcast['progress']): number => Math.max(sent, delivered);

/** Recipients that are dealt with. */
export const doneOf = (progress: Broadcast['progress']): number =>
  sentOf(progress) + progress.failed + progress.suppressed + progress.skipped;
