import { createSesAccount } from '../adapters/aws/ses-account.ts';
import { writeSendingState } from '../adapters/metrics.ts';
import { createSending, type Sending, type SendingDependencies } from '../core/pacing/sending-state.ts';
import { optionalNumber, required } from './env.ts';

/** The account at SES, with the rate that the environment allows (`MAX_SEND_RATE`). */
export function sendingFromEnvironment(options: Pick<SendingDependencies, 'table' | 'log' | 'staleMs'>): Sending {
  const deployment = required('DEPLOYMENT');
  return createSending({
    ...options,
    account: createSesAccount(),
    maxRatePerSecond: optionalNumber('MAX_SEND_RATE'),
    now: Date.now,
    random: Math.random,
    onRead: (state) => writeSendingState(deployment, state),
  });
}
