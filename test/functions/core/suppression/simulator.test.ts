import { describe, expect, it } from 'vitest';
import { isSimulator } from '../../../../functions/core/suppression/simulator.ts';
import { outcomesFor } from '../../../../lib/local/cloud/ses/simulator.ts';

describe('the mailbox simulator', () => {
  it.each([
    'success@simulator.amazonses.com',
    'bounce@simulator.amazonses.com',
    'Bounce+Label+Two@Simulator.AmazonSES.com',
    'Test <"bounce+a"@simulator.amazonses.com>',
    'ooto@simulator.amazonses.com',
    'complaint@simulator.amazonses.com',
    'suppressionlist+1@simulator.amazonses.com',
    'delivered@resend.dev',
    'bounced+user1@resend.dev',
    'complained@resend.dev',
    'suppressed@resend.dev',
  ])('is behind %s', (email) => {
    expect(isSimulator(email)).toBe(true);
  });

  it.each([
    'bounce@example.com',
    'ada@simulator.amazonses.com',
    'bounce@simulator.amazonses.com.example.com',
    'bounce@mail.simulator.amazonses.com',
    'bounces@simulator.amazonses.com',
    'onboarding@resend.dev',
    'bounce@resend.dev',
    '+bounce@simulator.amazonses.com',
    'constructor@resend.dev',
    'simulator.amazonses.com',
    '@',
    '',
  ])('is not behind %j', (email) => {
    expect(isSimulator(email)).toBe(false);
  });

  it('is implemented by the local cloud for the same addresses', () => {
    const played = ['bounce@simulator.amazonses.com', 'complaint@simulator.amazonses.com', 'bounced@resend.dev'];
    for (const email of played) expect([email, outcomesFor(email)]).not.toEqual([email, ['delivered']]);
    for (const email of ['bounce@example.com', 'onboarding@resend.dev'])
      expect([email, outcomesFor(email)]).toEqual([email, ['delivered']]);
  });
});
