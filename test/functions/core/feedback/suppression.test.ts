import { describe, expect, it } from 'vitest';
import { findSuppression } from '../../../../functions/core/suppression/suppression.ts';
import { sesEvents } from './ses-events.ts';
import { one, setUp } from './set-up.ts';

describe('suppression by events', () => {
  it('follows a permanent bounce and a complaint, not a soft bounce and not a "not spam"', async () => {
    const { table, settle, sending } = setUp();
    const to = (email: string) => ({ ...one, recipients: [email] });
    await sending();
    await settle(
      sesEvents.bounce(to('Hard@Example.com')),
      sesEvents.bounce(to('soft@example.com'), 'Transient', 'MailboxFull'),
      sesEvents.bounce(to('unclear@example.com'), 'Undetermined', 'Undetermined'),
      sesEvents.complaint(to('angry@example.com')),
      sesEvents.complaint(to('friend@example.com'), 'not-spam'),
      sesEvents.suppressedComplaint(to('formerly-angry@example.com')),
    );
    const origin = async (email: string) => (await findSuppression(table, email))?.origin;
    expect(await origin('hard@example.com')).toBe('bounce');
    expect(await origin('angry@example.com')).toBe('complaint');
    expect(await origin('formerly-angry@example.com')).toBe('complaint');
    for (const email of ['soft', 'unclear', 'friend']) expect(await origin(`${email}@example.com`)).toBeUndefined();
  });

  it("is published as suppressed, not as a complaint, when SES's own list has the address for a complaint", async () => {
    const { settle, sending, published } = setUp();
    await sending();
    await settle(sesEvents.suppressedComplaint(one));
    expect(published.map(({ type }) => type)).toEqual(['suppression.added', 'email.suppressed']);
    expect(published.at(-1)?.details).toEqual({
      suppressed: {
        message: 'Amazon SES has suppressed sending to this address.',
        type: 'OnAccountSuppressionList',
      },
    });
  });

  it('does not apply to addresses of the mailbox simulator, so that a test can bounce again', async () => {
    const { table, settle, sending, published } = setUp();
    await sending();
    const simulated = [
      'bounce@simulator.amazonses.com',
      'Bounce+Label@simulator.amazonses.com',
      'suppressionlist@simulator.amazonses.com',
      'complaint+again@simulator.amazonses.com',
      'bounced@resend.dev',
      'suppressed+a@resend.dev',
      'complained@resend.dev',
    ];
    for (const email of simulated)
      await settle(
        sesEvents.bounce({ ...one, recipients: [email] }),
        sesEvents.bounce({ ...one, recipients: [email] }, 'Permanent', 'Suppressed'),
        sesEvents.complaint({ ...one, recipients: [email] }),
      );
    for (const email of simulated) expect(await findSuppression(table, email)).toBeUndefined();
    expect(published.map(({ type }) => type)).not.toContain('suppression.added');
    expect(published.map(({ type }) => type)).toContain('email.bounced');
    await settle(sesEvents.bounce({ ...one, recipients: ['bounce@example.com'] }));
    expect((await findSuppression(table, 'bounce@example.com'))?.origin).toBe('bounce');
  });

  it('follows a complaint that arrives after the email was deleted', async () => {
    const { table, settle } = setUp();
    await settle(sesEvents.complaint({ emailId: 'deleted long ago' }));
    expect((await findSuppression(table, 'a@example.com'))?.origin).toBe('complaint');
  });
});
