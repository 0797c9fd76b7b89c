import { describe, expect, it } from 'vitest';
import {
  emailStatuses,
  endedStatuses,
  followsSent,
  isUnsent,
  lastEvent,
  lastEvents,
} from '../../../../functions/core/email/status.ts';

describe('lastEvent', () => {
  it('shows an email that is being sent as queued', () => {
    expect(lastEvent('sending')).toBe('queued');
    expect(lastEvent('delivery_delayed')).toBe('delivery_delayed');
  });

  it('has a value for each status but the internal one', () => {
    expect(lastEvents).toEqual(emailStatuses.filter((status) => status !== 'sending'));
  });
});

describe('statuses', () => {
  it('are unsent or ended', () => {
    expect(emailStatuses.filter((status) => isUnsent({ status }))).toEqual(['scheduled', 'queued', 'sending']);
    expect(emailStatuses.filter((status) => !isUnsent({ status }))).toEqual(endedStatuses);
    expect(isUnsent({ status: undefined })).toBe(false);
  });

  it('follow the send when only the provider can report them; a suppressed recipient is left out before it', () => {
    const following = ['delivery_delayed', 'delivered', 'opened', 'clicked', 'bounced', 'complained'];
    expect(emailStatuses.filter(followsSent)).toEqual(following);
    expect((['rescheduled', 'deferred', 'retried'] as const).filter(followsSent)).toEqual([]);
  });
});
