import { holdCause, type SendingState } from './sending-state.ts';

/** The state of sending in numbers, for graphs and alarms. */
export interface SendingReport {
  /** True while nothing is sent, or nothing but transactional email because the quota of 24 hours is nearly used up. */
  readonly held: boolean;
  /** The used share of the quota of 24 hours, in percent; absent where there is no quota. */
  readonly quotaUsedPercent?: number;
  /** Recipients a second that the provider allows. */
  readonly ratePerSecond: number;
}

/** Reports a state as `Sending.refresh` answers it. */
export function sendingReport(state: SendingState): SendingReport {
  const { ratePerSecond, max24Hours, sent24Hours } = state;
  // Bulk is held whenever transactional email is.
  const held = holdCause(state, 'bulk') !== undefined;
  if (max24Hours < 0) return { held, ratePerSecond };
  return { held, ratePerSecond, quotaUsedPercent: max24Hours === 0 ? 100 : (100 * sent24Hours) / max24Hours };
}
