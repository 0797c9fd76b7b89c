import { describe, expect, it } from 'vitest';
import { quotaScenarios } from './quota-scenarios.ts';
import { simulateQuota } from './quota-simulation.ts';

/** One in a hundred emails; `npm run pacing` simulates all. */
const scenarios = Object.entries(quotaScenarios(0.01));
const TIMEOUT_MS = 120_000;

describe('no email fails because of the account', { timeout: TIMEOUT_MS }, () => {
  it.each(scenarios)('in %s', async (_name, scenario) => {
    const { sent, failed, deadLetters, sesCalls, refused } = await simulateQuota(scenario);
    expect({ sent, failed, deadLetters }).toEqual({ sent: scenario.emails, failed: 0, deadLetters: 0 });
    // A paused account is tried once a minute.
    expect(sesCalls).toBeLessThan(scenario.emails + 1_600);
    expect(refused).toBeLessThan(1_600);
  });
});
