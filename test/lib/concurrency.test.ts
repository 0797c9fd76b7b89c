import { Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../lib/config.ts';
import { SendoffStack } from '../../lib/sendoff-stack.ts';
import { appWithoutBundling } from '../helpers/sendoff-template.ts';

/** The concurrent executions of a new AWS account, all functions together. */
const NEW_ACCOUNT = 10;
/** What the API and the schedule need meanwhile. */
const LEFT = 2;

describe('the default concurrencies', () => {
  const template = Template.fromStack(new SendoffStack(appWithoutBundling(), parseConfig({})));
  const most = Object.fromEntries(
    Object.entries(template.findResources('AWS::Lambda::EventSourceMapping')).map(([id, { Properties }]) => [
      /^Sendoff\w+?Function(\w+?)[0-9A-F]{8}$/.exec(id)?.[1] ?? id,
      Properties.ScalingConfig.MaximumConcurrency as number,
    ]),
  );
  const sum = (...names: string[]) => names.reduce((total, name) => total + (most[name] ?? Number.NaN), 0);

  it('are those of all queues', () => {
    expect(Object.keys(most).sort()).toEqual(['Bulk', 'Feedback', 'Transactional', 'Webhook', 'WebhookSlow']);
  });

  /*
   * A backlog of emails also fills the queue of SES's events and that of the webhooks. Worse are two cases: with endpoints that
   * answer slowly (WebhookSlow) a backlog of transactional emails takes all 10; with both queues of emails full it would take 12.
   * Then Lambda throttles the pollers, which wait, and also the API. A mapping cannot have less than 2.
   */
  it.each([
    ['transactional emails', ['Transactional', 'Feedback', 'Webhook']],
    ['bulk emails', ['Bulk', 'Feedback', 'Webhook', 'WebhookSlow']],
    ['events for webhooks', ['Webhook', 'WebhookSlow']],
    ['events of SES', ['Feedback', 'Webhook', 'WebhookSlow']],
  ])('leave two executions of a new account while %s and what follows from them are waiting', (_, busy) => {
    expect(sum(...busy)).toBeLessThanOrEqual(NEW_ACCOUNT - LEFT);
  });

  it('take 12 when every queue is full', () => {
    expect(sum(...Object.keys(most))).toBe(12);
  });

  it('carry the 200 emails a second of a larger SES account, at 0.15 s for each of ten in flight', () => {
    expect((sum('Transactional') * 10) / 0.15).toBeGreaterThanOrEqual(200);
  });
});
