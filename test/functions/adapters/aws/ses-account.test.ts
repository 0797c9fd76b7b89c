import { GetSendQuotaCommand, SESClient } from '@aws-sdk/client-ses';
import { mockClient } from 'aws-sdk-client-mock';
import { describe, expect, it } from 'vitest';
import { createSesAccount } from '../../../../functions/adapters/aws/ses-account.ts';

const setUp = () => {
  const client = new SESClient({ region: 'us-east-1' });
  return { ses: mockClient(client), account: createSesAccount(client) };
};

describe('the account at SES', () => {
  it('tells its rate and its quota of 24 hours; -1 is no limit', async () => {
    const { ses, account } = setUp();
    ses.on(GetSendQuotaCommand).resolves({ MaxSendRate: 14, Max24HourSend: 50_000, SentLast24Hours: 7 });
    expect(await account.quota()).toEqual({ ratePerSecond: 14, max24Hours: 50_000, sent24Hours: 7 });
    ses.on(GetSendQuotaCommand).resolves({ MaxSendRate: 200, Max24HourSend: -1, SentLast24Hours: 7 });
    expect((await account.quota()).max24Hours).toBe(-1);
  });

  it.each([0, undefined])('has at least the rate of the smallest account: not %s', async (MaxSendRate) => {
    const { ses, account } = setUp();
    ses.on(GetSendQuotaCommand).resolves({ MaxSendRate });
    expect((await account.quota()).ratePerSecond).toBe(1);
  });

  it('can be asked again after SES throttled the question', async () => {
    const { ses, account } = setUp();
    ses.on(GetSendQuotaCommand).rejects(Object.assign(new Error('Rate exceeded'), { name: 'Throttling' }));
    await expect(account.quota()).rejects.toMatchObject({ name: 'SendoffError', retryable: true });
  });
});
