import { type SendingState, TRANSACTIONAL_SHARE } from './sending-state.ts';

/** The state of sending in numbers, for graphs, alarms and `doctor`. */
export interface SendingReport {
  /** True while nothing is sent, or nothing but transactional email because the quota of 24 hours is nearly used up. */
  readonly held: boolean;
  /** The used share of the quota of 24 hours, in percent; absent where there is no quota. */
  readonly quotaUsedPercent?: number;
  /** Recipients a second that the provider allows. */
  readonly ratePerSecond: number;
}

/** From this share of the quota on, in percent, bulk email waits: the rest is for transactional email. */
export const BULK_QUOTA_PERCENT = 100 * (1 - TRANSACTIONAL_SHARE);

/** Reports the state as of when the provider was asked. */
export function sendingReport({ held, ratePerSecond, max24Hours, sent24Hours }: SendingState): SendingReport {
  if (max24Hours < 0) return { held: held !== undefined, ratePerSecond };
  const quotaUsedPercent = max24Hours === 0 ? 100 : (100 * sent24Hours) / max24Hours;
  return { held: held !== undefined || quotaUsedPercent >= BULK_QUOTA_PERCENT, ratePerSecond, quotaUsedPercent };
}
