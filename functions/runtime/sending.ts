import { createSesAccount } from '../adapters/aws/ses-account.ts';
import { createSending, type Sending, type SendingDependencies } from '../core/pacing/sending-state.ts';
import { optionalNumber } from './env.ts';

/** The account at SES, with the rate that the environment allows (`MAX_SEND_RATE`). */
export function sendingFromEnvironment(options: Pick<SendingDependencies, 'table' | 'log' | 'staleMs'>): Sending {
  return createSending({
    ...options,
    account: createSesAccount(),
    maxRatePerSecond: optionalNumber('MAX_SEND_RATE'),
    now: Date.now,
    random: Math.random,
  });
}
