import { GetSendQuotaCommand, SESClient } from '@aws-sdk/client-ses';
import type { SendingAccount } from '../../core/ports/sending-account.ts';
import { clientOptions } from './clients.ts';
import { awsCall } from './errors.ts';

/** The rate of the smallest account, for an answer without one. */
const LEAST_RATE = 1;

/** The sending limits of this account and region at Amazon SES, which answers once a second. */
export function createSesAccount(client = new SESClient(clientOptions)): SendingAccount {
  return {
    async quota() {
      const {
        MaxSendRate = 0,
        Max24HourSend = -1,
        SentLast24Hours = 0,
      } = await awsCall('Amazon SES', () => client.send(new GetSendQuotaCommand({})));
      return {
        ratePerSecond: MaxSendRate > 0 ? MaxSendRate : LEAST_RATE,
        max24Hours: Max24HourSend,
        sent24Hours: SentLast24Hours,
      };
    },
  };
}
