import type { QuotaScenario } from './quota-simulation.ts';

/** What a real account puts senders through; `part` is the share of the emails that are simulated. */
export function quotaScenarios(part: number): Readonly<Record<string, QuotaScenario>> {
  const emails = 100_000 * part;
  return {
    'a backlog of two days of quota': {
      emails,
      queue: 'bulk',
      ses: { sendRatePerSecond: 14, maxSend24Hours: emails / 2 },
    },
    '1,000 emails in the sandbox': {
      emails: 1_000,
      queue: 'transactional',
      ses: { sandbox: true, verifiedIdentities: ['example.com'] },
    },
    'a pause of a day': {
      emails: Math.ceil(10_000 * part),
      queue: 'bulk',
      ses: { sendRatePerSecond: 14, sendingEnabled: false },
      changes: { 24: { sendingEnabled: true } },
    },
    'a pause of a day by AWS, after a review': {
      emails: Math.ceil(10_000 * part),
      queue: 'transactional',
      ses: { sendRatePerSecond: 14, pausedByReview: true },
      changes: { 24: { pausedByReview: false } },
    },
    'arrivals at 1,000 a second': { emails, queue: 'bulk', ses: { sendRatePerSecond: 14 }, arrivalsPerSecond: 1_000 },
  };
}
