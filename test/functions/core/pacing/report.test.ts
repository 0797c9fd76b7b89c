import { describe, expect, it } from 'vitest';
import { sendingReport } from '../../../../functions/core/pacing/report.ts';
import type { SendingState } from '../../../../functions/core/pacing/sending-state.ts';

const aState = (more: Partial<SendingState> = {}): SendingState => ({
  readAtMs: 0,
  ratePerSecond: 14,
  max24Hours: 50_000,
  sent24Hours: 1_000,
  ...more,
});

describe('the report of sending', () => {
  it.each<[string, Partial<SendingState>, object]>([
    ['an account that sends', {}, { held: false, quotaUsedPercent: 2 }],
    ['a pause', { held: 'paused' }, { held: true, quotaUsedPercent: 2 }],
    ['a used up quota', { held: 'quota', sent24Hours: 50_000 }, { held: true, quotaUsedPercent: 100 }],
    ['a quota of which bulk leaves the rest', { sent24Hours: 47_500 }, { held: true, quotaUsedPercent: 95 }],
    ['a quota just before that', { sent24Hours: 47_499 }, { held: false, quotaUsedPercent: 94.998 }],
    ['an account that may send nothing', { max24Hours: 0, sent24Hours: 0 }, { held: true, quotaUsedPercent: 100 }],
  ])('tells %s', (_, state, report) => {
    expect(sendingReport(aState(state))).toEqual({ ratePerSecond: 14, ...report });
  });

  it('has no share of a quota that does not exist', () => {
    expect(sendingReport(aState({ max24Hours: -1 }))).toEqual({ ratePerSecond: 14, held: false });
  });
});
