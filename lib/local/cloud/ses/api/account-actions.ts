import { sendLimitsOf } from '../settings.ts';
import type { SesAction } from './ses-action.ts';

/** The rate that GetSendQuota shows without a limit: it has no value for "unlimited". */
const UNLIMITED_RATE = 10_000;

/** GetSendQuota: the limits in force and what was sent; -1 is SES's own word for "no daily limit". */
export const getSendQuota: SesAction = (_params, { settings, limits }) => {
  const { ratePerSecond, max24Hours } = sendLimitsOf(settings);
  return {
    Max24HourSend: max24Hours ?? -1,
    MaxSendRate: ratePerSecond ?? UNLIMITED_RATE,
    SentLast24Hours: limits.sentLast24Hours(),
  };
};

/** GetSendStatistics: data points of 15 minutes. */
export const getSendStatistics: SesAction = (_params, { statistics }) => ({
  SendDataPoints: statistics.points().map((point) => ({
    Timestamp: new Date(point.startMs).toISOString(),
    DeliveryAttempts: point.deliveryAttempts,
    Bounces: point.bounces,
    Complaints: point.complaints,
    Rejects: point.rejects,
  })),
});

/** GetAccountSendingEnabled: false while the account is paused, by its owner or by AWS. */
export const getAccountSendingEnabled: SesAction = (_params, { settings }) => ({
  Enabled: (settings.sendingEnabled ?? true) && !settings.pausedByReview,
});

/** UpdateAccountSendingEnabled: the owner pauses the account, or ends that. */
export const updateAccountSendingEnabled: SesAction = (params, { settings }) => {
  settings.sendingEnabled = params.get('Enabled') === 'true';
  return {};
};
