import {
  ConfigurationSetDoesNotExistException,
  ConfigurationSetSendingPausedException,
  DescribeConfigurationSetCommand,
  GetAccountSendingEnabledCommand,
  GetIdentityDkimAttributesCommand,
  GetIdentityMailFromDomainAttributesCommand,
  GetIdentityVerificationAttributesCommand,
  GetSendQuotaCommand,
  GetSendStatisticsCommand,
  ListIdentitiesCommand,
  SendEmailCommand,
  SendRawEmailCommand,
  UpdateAccountSendingEnabledCommand,
  UpdateConfigurationSetSendingEnabledCommand,
  VerifyEmailIdentityCommand,
} from '@aws-sdk/client-ses';
import { describe, expect, it } from 'vitest';
import { rawMessage, startSes } from '../ses-server.ts';

const mailTo = (...Destinations: string[]) =>
  new SendRawEmailCommand({ Destinations, RawMessage: { Data: rawMessage() } });

describe('account', () => {
  it('shows its quota and counts recipients, not messages', async () => {
    const { client } = await startSes({ sendRatePerSecond: 14, maxSend24Hours: 200 });
    await client.send(mailTo('a@example.net', 'b@example.net'));
    expect(await client.send(new GetSendQuotaCommand({}))).toMatchObject({
      Max24HourSend: 200,
      MaxSendRate: 14,
      SentLast24Hours: 2,
    });
  });

  it('shows -1 for no daily limit, as SES does', async () => {
    const { client } = await startSes();
    expect(await client.send(new GetSendQuotaCommand({}))).toMatchObject({ Max24HourSend: -1, MaxSendRate: 10_000 });
  });

  it('counts attempts, bounces, complaints and rejects in steps of 15 minutes', async () => {
    let nowMs = Date.UTC(2026, 0, 1, 10, 7);
    const { client } = await startSes({ now: () => nowMs });
    await client.send(mailTo('bounce@simulator.amazonses.com', 'complaint@simulator.amazonses.com'));
    await client.send(mailTo('ooto@simulator.amazonses.com'));
    nowMs = Date.UTC(2026, 0, 1, 10, 15);
    await client.send(mailTo('bob@example.net'));
    const { SendDataPoints } = await client.send(new GetSendStatisticsCommand({}));
    expect(SendDataPoints).toEqual([
      { Timestamp: new Date('2026-01-01T10:00:00Z'), DeliveryAttempts: 2, Bounces: 1, Complaints: 1, Rejects: 0 },
      { Timestamp: new Date('2026-01-01T10:15:00Z'), DeliveryAttempts: 1, Bounces: 0, Complaints: 0, Rejects: 0 },
    ]);
  });

  it('says whether sending is enabled', async () => {
    const { ses, client } = await startSes();
    expect(await client.send(new GetAccountSendingEnabledCommand({}))).toMatchObject({ Enabled: true });
    ses.set({ sendingEnabled: false });
    expect(await client.send(new GetAccountSendingEnabledCommand({}))).toMatchObject({ Enabled: false });
    ses.set({ sendingEnabled: true, pausedByReview: true });
    expect(await client.send(new GetAccountSendingEnabledCommand({}))).toMatchObject({ Enabled: false });
  });

  it('is paused and resumed by its owner', async () => {
    const { client } = await startSes();
    await client.send(new UpdateAccountSendingEnabledCommand({ Enabled: false }));
    await expect(client.send(mailTo('a@example.net'))).rejects.toMatchObject({ name: 'AccountSendingPausedException' });
    await client.send(new UpdateAccountSendingEnabledCommand({ Enabled: true }));
    await client.send(mailTo('a@example.net'));
  });

  it('refuses every message in the words of SES while AWS has paused it', async () => {
    const { client } = await startSes({ pausedByReview: true });
    await expect(client.send(mailTo('a@example.net'))).rejects.toMatchObject({
      name: 'MessageRejected',
      message: expect.stringMatching(/^Sending paused for this account\. /),
    });
  });
});

describe('the sandbox', () => {
  it('sends 200 in 24 hours and 1 a second, unless another limit is set', async () => {
    const { ses, client } = await startSes({ sandbox: true });
    expect(await client.send(new GetSendQuotaCommand({}))).toMatchObject({ Max24HourSend: 200, MaxSendRate: 1 });
    ses.set({ sendRatePerSecond: 5 });
    expect(await client.send(new GetSendQuotaCommand({}))).toMatchObject({ Max24HourSend: 200, MaxSendRate: 5 });
  });

  it('sends from verified addresses to verified ones and to the simulator, and names all others', async () => {
    const verifiedIdentities = ['ada@example.com', 'example.org'];
    const { ses, client } = await startSes({ sandbox: true, verifiedIdentities, sendRatePerSecond: 100 });
    await client.send(mailTo('bob@example.org', 'success@simulator.amazonses.com'));
    await expect(client.send(mailTo('bob@example.org', 'eve@example.net', 'delivered@resend.dev'))).rejects.toThrow(
      'Email address is not verified. The following identities failed the check in region US-EAST-1: eve@example.net, delivered@resend.dev',
    );
    ses.set({ verifiedIdentities: undefined });
    await expect(client.send(mailTo('success@simulator.amazonses.com'))).rejects.toThrow(/ada@example\.com/i);
  });
});

describe('identities', () => {
  it('lists verified identities, all or by type', async () => {
    const { ses, client } = await startSes({ verifiedIdentities: ['ada@example.com'] });
    ses.putIdentity('example.org');
    await client.send(new VerifyEmailIdentityCommand({ EmailAddress: 'bob@example.net' }));
    const list = async (IdentityType?: 'EmailAddress' | 'Domain') =>
      (await client.send(new ListIdentitiesCommand({ IdentityType }))).Identities;
    expect(await list()).toEqual(['ada@example.com', 'example.org', 'bob@example.net']);
    expect(await list('EmailAddress')).toEqual(['ada@example.com', 'bob@example.net']);
    expect(await list('Domain')).toEqual(['example.org']);
  });

  it('answers attributes of known identities and leaves out unknown ones', async () => {
    const { ses, client } = await startSes({ verifiedIdentities: ['ada@example.com', 'example.org'] });
    const Identities = ['example.org', 'ada@example.com', 'unknown.test'];
    const verification = await client.send(new GetIdentityVerificationAttributesCommand({ Identities }));
    expect(verification.VerificationAttributes).toEqual({
      'example.org': { VerificationStatus: 'Success' },
      'ada@example.com': { VerificationStatus: 'Success' },
    });
    const dkim = await client.send(new GetIdentityDkimAttributesCommand({ Identities }));
    expect(dkim.DkimAttributes).toEqual({
      'example.org': {
        DkimEnabled: true,
        DkimVerificationStatus: 'Success',
        DkimTokens: Array(3).fill(expect.stringMatching(/^[0-9a-z]{32}$/)),
      },
      'ada@example.com': { DkimEnabled: false, DkimVerificationStatus: 'NotStarted' },
    });
    ses.putIdentity('example.org', 'bounce.example.org');
    const mailFrom = await client.send(new GetIdentityMailFromDomainAttributesCommand({ Identities }));
    expect(mailFrom.MailFromDomainAttributes).toEqual({
      'example.org': {
        MailFromDomain: 'bounce.example.org',
        MailFromDomainStatus: 'Success',
        BehaviorOnMXFailure: 'UseDefaultValue',
      },
      'ada@example.com': { BehaviorOnMXFailure: 'UseDefaultValue' },
    });
    const none = await client.send(new GetIdentityDkimAttributesCommand({ Identities: ['unknown.test'] }));
    expect(none.DkimAttributes).toEqual({});
  });
});

describe('configuration sets', () => {
  it('describes a set, with its event destinations when asked', async () => {
    const { ses, client } = await startSes();
    ses.putConfigurationSet('feedback');
    const destination = { name: 'sns', eventTypes: ['send', 'bounce'], topicArn: 'arn:aws:sns:x:1:t', enabled: true };
    ses.putEventDestination('feedback', destination);
    const describeSet = (...attributes: 'eventDestinations'[]) =>
      client.send(
        new DescribeConfigurationSetCommand({
          ConfigurationSetName: 'feedback',
          ConfigurationSetAttributeNames: attributes,
        }),
      );
    expect(await describeSet()).toMatchObject({ ConfigurationSet: { Name: 'feedback' } });
    expect((await describeSet()).EventDestinations).toBeUndefined();
    expect((await describeSet('eventDestinations')).EventDestinations).toEqual([
      {
        Name: 'sns',
        Enabled: true,
        MatchingEventTypes: ['send', 'bounce'],
        SNSDestination: { TopicARN: 'arn:aws:sns:x:1:t' },
      },
    ]);
  });

  it('refuses to send with a set that is paused', async () => {
    const { ses, client } = await startSes();
    ses.putConfigurationSet('feedback');
    const sent = () =>
      client.send(new SendRawEmailCommand({ ConfigurationSetName: 'feedback', RawMessage: { Data: rawMessage() } }));
    const set = (Enabled: boolean) =>
      client.send(new UpdateConfigurationSetSendingEnabledCommand({ ConfigurationSetName: 'feedback', Enabled }));
    await set(false);
    await expect(sent()).rejects.toBeInstanceOf(ConfigurationSetSendingPausedException);
    const ConfigurationSetAttributeNames = ['reputationOptions' as const];
    const { ReputationOptions } = await client.send(
      new DescribeConfigurationSetCommand({ ConfigurationSetName: 'feedback', ConfigurationSetAttributeNames }),
    );
    expect(ReputationOptions).toMatchObject({ SendingEnabled: false });
    await set(true);
    await sent();
  });

  it('refuses an unknown set with the typed exception', async () => {
    const { client } = await startSes();
    const described = client.send(new DescribeConfigurationSetCommand({ ConfigurationSetName: 'nope' }));
    await expect(described).rejects.toBeInstanceOf(ConfigurationSetDoesNotExistException);
  });
});

describe('query API', () => {
  it('names the operations it has when asked for another one', async () => {
    const { client } = await startSes();
    const sent = client.send(
      new SendEmailCommand({ Source: 'a@b.c', Destination: {}, Message: { Subject: { Data: '' }, Body: {} } }),
    );
    await expect(sent).rejects.toMatchObject({ name: 'InvalidAction', $metadata: { httpStatusCode: 400 } });
    await expect(sent).rejects.toThrow(/SendEmail .* SendRawEmail/);
  });

  it('answers an unforeseen fault as 500 InternalFailure and logs it', async () => {
    const lines: string[] = [];
    const { client } = await startSes({
      log: (line) => void lines.push(line),
      onSent: () => {
        throw new Error('a bug in the test');
      },
    });
    await expect(client.send(mailTo('a@example.net'))).rejects.toMatchObject({
      name: 'InternalFailure',
      $metadata: { httpStatusCode: 500 },
    });
    expect(lines).toEqual([expect.stringMatching(/^local SES: SendRawEmail failed: Error: a bug in the test/)]);
  });

  it('escapes the values of callers in messages', async () => {
    const { client } = await startSes();
    const sent = client.send(
      new SendRawEmailCommand({
        ConfigurationSetName: '</Message>&<x>',
        Destinations: ['a@example.net'],
        RawMessage: { Data: rawMessage() },
      }),
    );
    await expect(sent).rejects.toThrow('Configuration set <</Message>&<x>> does not exist.');
  });

  it('answers many slow requests at once, and refuses at close those that still wait', async () => {
    const { ses, client } = await startSes({ latencyMs: 20 });
    await Promise.all(Array.from({ length: 40 }, (_, n) => client.send(mailTo(`r${n}@example.net`))));
    expect(ses.sentCount).toBe(40);
    ses.set({ latencyMs: 3_600_000 });
    const params = new URLSearchParams({ Action: 'GetSendQuota' });
    const waiting = expect(ses.query(params)).rejects.toThrow('the local SES is closing');
    await ses.close();
    await waiting;
  });
});
