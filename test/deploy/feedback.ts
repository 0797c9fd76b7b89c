import assert from 'node:assert/strict';
import { Webhook } from 'standardwebhooks';
import { EMAIL_ID_TAG } from '../../functions/core/email/schema.ts';
import { eventDetail, eventTypeOf } from '../../lib/local/cloud/ses/events/event-details.ts';
import { eventMail } from '../../lib/local/cloud/ses/events/event-mail.ts';
import { scanHeaders } from '../../lib/local/cloud/ses/raw-headers.ts';
import type { Outcome } from '../../lib/local/cloud/ses/simulator.ts';
import { anEmail } from '../flows/an-email.ts';
import { type Received, startReceiver } from '../flows/receiver.ts';
import { requester } from '../flows/request.ts';
import { accountId, headersFor, region } from './aws-clients.ts';
import type { StackConfig } from './cdk.ts';
import { connectDeployed, type Deployment } from './deployed-target.ts';
import { addToEnvironments, resourcesOf } from './stack-resources.ts';
import { until } from './until.ts';

const EVENTS = ['email.delivered', 'email.bounced', 'suppression.added'];

/**
 * Tests feedback: SNS → SQS → the record, the suppressions and a webhook. MiniStack's SES publishes no events, so the test
 * publishes events of the local cloud's SES to the stack's topic. Tests of the template and of the local cloud show that the
 * configuration set has that topic.
 */
export async function checkFeedback(deployment: Deployment, config: StackConfig): Promise<string> {
  const request = requester(deployment.url, deployment.apiKey);
  const receiver = await startReceiver();
  try {
    // The receiver is on loopback and speaks no TLS, which a deployment refuses.
    await addToEnvironments(deployment.endpoint, config, { SENDOFF_LOCAL_ENDPOINTS: 'allowed' });
    const made = await request('POST', '/webhooks', { endpoint: receiver.url, events: EVENTS });
    assert.equal(made.status, 201, JSON.stringify(made.json));
    const webhook = new Webhook(made.json.signing_secret);
    const delivery = async (type: string, isIt: (received: Received) => boolean) => {
      const matching = () => receiver.received.find((one) => one.event.type === type && isIt(one));
      await until(`the endpoint gets ${type}`, async () => matching() !== undefined, 60_000);
      const { payload = '', headers = {} } = matching() ?? {};
      webhook.verify(payload, headers as Record<string, string>);
    };
    const ofEmail = (id: string) => (received: Received) => received.event.data.email_id === id;

    const delivered = await sendTo(deployment, 'reader@example.org');
    await report(deployment, config, delivered, 'delivered');
    await delivery('email.delivered', ofEmail(delivered));
    assert.equal((await request('GET', `/emails/${delivered}`)).json.last_event, 'delivered');

    const gone = 'gone@example.org';
    const bounced = await sendTo(deployment, gone);
    await report(deployment, config, bounced, 'bounced');
    await delivery('email.bounced', ofEmail(bounced));
    await delivery('suppression.added', ({ event }) => event.data.email === gone);
    const suppressed = await sendTo(deployment, gone);
    assert.equal((await request('GET', `/emails/${suppressed}`)).json.last_event, 'suppressed');
    assert.equal((await connectDeployed(deployment).caught(suppressed)).length, 0);
    return `${receiver.received.length} signed webhooks; no email to the address that bounced`;
  } finally {
    await receiver.close();
  }
}

async function sendTo(deployment: Deployment, to: string): Promise<string> {
  const { status, json } = await requester(deployment.url, deployment.apiKey)('POST', '/emails', anEmail({ to: [to] }));
  assert.equal(status, 200, JSON.stringify(json));
  await connectDeployed(deployment).idle();
  return json.id;
}

/** Publishes the event of an email that was sent to one recipient. */
async function report(deployment: Deployment, config: StackConfig, emailId: string, outcome: Outcome): Promise<void> {
  const { endpoint, url, apiKey, outputs } = deployment;
  const [message] = await connectDeployed(deployment).caught(emailId);
  assert(message?.envelope.to, 'the email was not sent');
  const { json } = await requester(url, apiKey)('GET', `/emails/${emailId}`);
  const [recipient = ''] = message.envelope.to;
  const sent = {
    messageId: String(json.message_id).replace(/^<|@.*$/g, ''),
    envelope: { from: message.envelope.from, to: [...message.envelope.to] },
    tags: { [EMAIL_ID_TAG]: emailId },
    raw: message.raw,
    sentAtMs: message.sentAtMs,
    configurationSet: outputs.ConfigurationSetName ?? '',
  };
  await publish(endpoint, config, {
    eventType: eventTypeOf(outcome),
    mail: eventMail(sent, scanHeaders(sent.raw), { region, accountId }),
    ...eventDetail(outcome, { recipient, sentAtMs: sent.sentAtMs, nowMs: Date.now() }),
  });
}

async function publish(endpoint: string, config: StackConfig, event: object): Promise<void> {
  const topics = await resourcesOf(endpoint, config, 'AWS::SNS::Topic');
  const [, TopicArn = ''] = [...topics].find(([logicalId]) => logicalId.includes('Feedback')) ?? [];
  const response = await fetch(endpoint, {
    method: 'POST',
    headers: headersFor('sns', 'application/x-www-form-urlencoded'),
    body: new URLSearchParams({
      Action: 'Publish',
      Version: '2010-03-31',
      TopicArn,
      Message: JSON.stringify(event),
    }).toString(),
  });
  if (!response.ok) throw new Error(`Publish answered ${response.status}: ${await response.text()}`);
}
