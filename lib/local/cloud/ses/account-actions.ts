import type { SesAction } from './ses-action.ts';

/** The rate that GetSendQuota shows without a limit: it has no value for "unlimited". */
const UNLIMITED_RATE = 10_000;

/** GetSendQuota: the limits in force and what was sent; -1 is SES's own word for "no daily limit". */
export const getSendQuota: SesAction = (_params, { settings, limits }) => ({
  Max24HourSend: settings.maxSend24Hours ?? -1,
  MaxSendRate: settings.sendRatePerSecond ?? UNLIMITED_RATE,
  SentLast24Hours: limits.sentLast24Hours(),
});

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

/** GetAccountSendingEnabled: false after `set({ sendingEnabled: false })`. */
export const getAccountSendingEnabled: SesAction = (_params, { settings }) => ({
  Enabled: settings.sendingEnabled ?? true,
});
