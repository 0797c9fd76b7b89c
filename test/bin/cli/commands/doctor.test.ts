import { DescribeStacksCommand, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import {
  GetAccountSettingsCommand,
  GetFunctionConfigurationCommand,
  ListEventSourceMappingsCommand,
} from '@aws-sdk/client-lambda';
import {
  GetAccountCommand,
  GetConfigurationSetCommand,
  GetEmailIdentityCommand,
  ListEmailIdentitiesCommand,
  NotFoundException,
} from '@aws-sdk/client-sesv2';
import { GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { describe, expect, it, vi } from 'vitest';
import type { Finding } from '../../../../bin/cli/commands/doctor/finding.ts';
import {
  aMapping,
  anAccount,
  anAlarm,
  anIdentity,
  answers,
  cloudFormation,
  cloudWatch,
  complaints,
  deployedWith,
  doctor,
  dynamo,
  keptFor,
  lambda,
  oldEmail,
  outputs,
  sending,
  ses,
  sqs,
  theStack,
  waiting,
} from './examined-stack.ts';

describe('sendoff doctor', () => {
  it('finds no problem where there is none', async () => {
    const { exitCode, out, notes } = await doctor();
    expect({ exitCode, notes }).toEqual({ exitCode: 0, notes: '' });
    expect(out.replace(/answers in .*/, 'answers in 1 ms').replace(/as of \d+ s/, 'as of 60 s')).toMatchInlineSnapshot(`
      "    CHECK              FOUND
      ok  stack              Sendoff is UPDATE_COMPLETE
      ok  api                answers in 1 ms
      ok  workers            1 trigger on, up to 10 senders at once; all queues together may use 20 of the account's 1000 concurrent executions
      ok  sending            14 recipients a second, 1200 of 50000 used in 24 hours, 48800 left (as of 60 s ago)
      ok  SES sandbox        out of it
      ok  SES sending        enabled, account healthy
      ok  SES quota          1200 of 50000 recipients used in 24 hours, 14 a second
      ok  SES pricing plan   none: à la carte, $0.10 per 1,000 emails
      ok  configuration set  sends
      ok  identities         mail.example.com is verified and signs with DKIM
      ok  dead letters       none
      ok  waiting emails     none for more than 30 min
      ok  broadcasts         none is paused, late or stands still
      ok  alarms             1, none in alarm"
    `);
  });

  it.each<[string, () => void, Partial<Finding>]>([
    [
      'a sandboxed account',
      () => ses.on(GetAccountCommand).resolves(anAccount({ ProductionAccessEnabled: false })),
      { check: 'SES sandbox', level: 'problem' },
    ],
    [
      'paused sending',
      () => ses.on(GetAccountCommand).resolves(anAccount({ SendingEnabled: false, EnforcementStatus: 'SHUTDOWN' })),
      { check: 'SES sending', level: 'problem', text: 'paused (SHUTDOWN)' },
    ],
    [
      'a used up quota',
      () =>
        ses
          .on(GetAccountCommand)
          .resolves(anAccount({ SendQuota: { Max24HourSend: 200, MaxSendRate: 1, SentLast24Hours: 200 } })),
      { check: 'SES quota', level: 'problem' },
    ],
    [
      'a paused configuration set',
      () => ses.on(GetConfigurationSetCommand).resolves({ SendingOptions: { SendingEnabled: false } }),
      { check: 'configuration set', level: 'problem' },
    ],
    [
      'a domain that is not verified',
      () =>
        ses
          .on(GetEmailIdentityCommand)
          .resolves(anIdentity({ VerifiedForSendingStatus: false, DkimAttributes: { Status: 'PENDING' } })),
      { check: 'identities', level: 'problem', text: 'mail.example.com is not verified (DKIM PENDING)' },
    ],
    [
      'dead letters',
      () =>
        sqs
          .on(GetQueueAttributesCommand, { QueueUrl: 'https://sqs/1/Dead' })
          .resolves({ Attributes: { ApproximateNumberOfMessages: '2', ApproximateNumberOfMessagesNotVisible: '1' } }),
      { check: 'dead letters', level: 'problem', text: '3 jobs that no worker could handle' },
    ],
    [
      'a used up quota that the workers know of',
      () =>
        sending({
          held: 'quota',
          heldSinceMs: Date.parse('2026-11-20T08:00:00Z'),
          heldReason: 'Daily message quota exceeded.',
          sent24Hours: 50_000,
        }),
      {
        check: 'sending',
        level: 'problem',
        text: expect.stringMatching(
          /^nothing is sent since 2026-11-20 08:00:00Z \(.+\): Daily message quota exceeded\.; 14 recipients a second, 50000 of 50000 used in 24 hours, 0 left/,
        ),
        advice: expect.stringContaining('within 24 hours'),
      },
    ],
    [
      'paused sending that the workers know of',
      () => sending({ held: 'paused', heldSinceMs: Date.now() - 3_600_000 }),
      {
        check: 'sending',
        level: 'problem',
        text: expect.stringContaining('(60 min): SES has paused sending;'),
        advice: expect.stringContaining('Account health'),
      },
    ],
    [
      'a schedule that does not run while emails wait',
      () => {
        sending({ readAtMs: Date.now() - 301_000 });
        waiting('1');
      },
      { check: 'sending', level: 'problem', text: expect.stringContaining('quotas for 5 min: the function') },
    ],
    [
      'a trigger that is off',
      () =>
        lambda.on(ListEventSourceMappingsCommand).resolves({ EventSourceMappings: [aMapping({ State: 'Disabled' })] }),
      {
        check: 'workers',
        level: 'problem',
        text: 'the trigger of Transactional is Disabled: nothing is sent from that queue',
      },
    ],
    [
      'no trigger',
      () => lambda.on(ListEventSourceMappingsCommand).resolves({ EventSourceMappings: [] }),
      { check: 'workers', level: 'problem' },
    ],
    [
      'an alarm',
      () =>
        cloudWatch
          .on(DescribeAlarmsCommand)
          .resolves({ MetricAlarms: [anAlarm({ StateValue: 'ALARM', AlarmDescription: 'do this' })] }),
      { check: 'alarms', level: 'problem', text: 'dead-letters is in alarm', advice: 'do this' },
    ],
    [
      'a failed deployment',
      () => cloudFormation.on(DescribeStacksCommand).resolves(theStack('UPDATE_ROLLBACK_COMPLETE')),
      { check: 'stack', level: 'problem' },
    ],
    [
      'an API that fails',
      () => {
        answers.health = 503;
      },
      { check: 'api', level: 'problem', text: 'GET /health answers 503' },
    ],
  ])('finds %s', async (_, ail, finding) => {
    ail();
    expect(await complaints()).toEqual({
      exitCode: 4,
      findings: [expect.objectContaining({ advice: expect.any(String), ...finding })],
    });
  });

  it.each<[string, () => void, Partial<Finding>]>([
    [
      'a quota that is nearly used up',
      () =>
        ses
          .on(GetAccountCommand)
          .resolves(anAccount({ SendQuota: { Max24HourSend: 200, MaxSendRate: 1, SentLast24Hours: 160 } })),
      { check: 'SES quota' },
    ],
    [
      'an account on probation',
      () => ses.on(GetAccountCommand).resolves(anAccount({ EnforcementStatus: 'PROBATION' })),
      { check: 'SES sending' },
    ],
    [
      'unsigned mail',
      () => ses.on(GetEmailIdentityCommand).resolves(anIdentity({ DkimAttributes: { Status: 'NOT_STARTED' } })),
      { check: 'identities' },
    ],
    [
      'alarms that notify nobody',
      () => cloudWatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms: [anAlarm({ AlarmActions: [] })] }),
      { check: 'alarms', text: '1 of 1 notify nobody' },
    ],
    [
      'a stack without alarms',
      () => cloudFormation.on(ListStackResourcesCommand).resolves({ StackResourceSummaries: [] }),
      { check: 'alarms', text: 'the stack has none' },
    ],
    [
      'a new account with few functions at once',
      () => lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 29 } }),
      { check: 'workers', text: expect.stringContaining('runs 29 functions at once; the workers may use 20') },
    ],
    [
      'a rate that the senders cannot use',
      () => sending({ ratePerSecond: 500 }),
      {
        check: 'send rate',
        text: 'SES takes 500 recipients a second; the functions for transactional email send about 459 emails (10 at once, 10 in flight each, 512 MB: 0.29 of a CPU)',
        advice: 'raise maxConcurrency to 11, or sendMemoryMb, if that much is to be sent at once',
      },
    ],
    [
      'bulk email that waits for the quota',
      () => sending({ sent24Hours: 47_500 }),
      { check: 'sending', text: expect.stringMatching(/^bulk email waits: .* 2500 left/) },
    ],
    [
      'quotas like those of the sandbox',
      () => sending({ ratePerSecond: 1, max24Hours: 200, sent24Hours: 3 }),
      { check: 'sending', text: expect.stringMatching(/197 left \(as of \d+ s ago\); this looks like the sandbox/) },
    ],
    [
      'a domain of the envelope sender without its MX record',
      () =>
        ses
          .on(GetEmailIdentityCommand)
          .resolves(
            anIdentity({ MailFromAttributes: { MailFromDomain: 'b.example.com', MailFromDomainStatus: 'PENDING' } }),
          ),
      { check: 'identities', text: expect.stringContaining('no MX record of b.example.com (PENDING)') },
    ],
    [
      'options of the deployment that cdk.json does not have',
      () => deployedWith({ domain: 'mail.example.com', retentionDays: 365 }),
      {
        check: 'options',
        text: 'deployed with domain=mail.example.com, retentionDays=365, which cdk.json of this folder does not have',
        advice: expect.stringContaining('domain: the domain leaves the stack'),
      },
    ],
    [
      'bodies that the next deployment deletes, as the default of retentionDays has changed',
      () => keptFor('90'),
      {
        check: 'options',
        text: 'emails are kept for 90 days; with cdk.json of this folder the next deployment keeps them for 30',
        advice: expect.stringContaining('write "retentionDays": 90 into its "context"'),
      },
    ],
    [
      'emails that wait',
      () => oldEmail('queued'),
      { check: 'waiting emails', text: '1 email of the last day not sent 30 min after being due' },
    ],
  ])('warns of %s, which is no problem', async (_, ail, finding) => {
    ail();
    expect(await complaints()).toEqual({
      exitCode: 0,
      findings: [expect.objectContaining({ level: 'warning', advice: expect.any(String), ...finding })],
    });
  });

  it('asks for no more senders than maxSendRate lets them use', async () => {
    sending({ ratePerSecond: 500 });
    const Environment = { Variables: { MAX_SEND_RATE: '100' } };
    lambda.on(GetFunctionConfigurationCommand).resolves({ MemorySize: 512, Environment });
    expect(await complaints()).toEqual({ exitCode: 0, findings: [] });
  });

  it('does not mind a deployment that has not asked SES yet, nor an old state while no email waits', async () => {
    sending({ readAtMs: Date.now() - 3_600_000 });
    expect(await complaints()).toEqual({ exitCode: 0, findings: [] });
    dynamo.on(GetItemCommand).resolves({});
    waiting('1');
    expect(await complaints()).toEqual({ exitCode: 0, findings: [] });
  });

  it('does not mind quotas below four fifths, nor emails that were sent', async () => {
    ses
      .on(GetAccountCommand)
      .resolves(anAccount({ SendQuota: { Max24HourSend: 200, MaxSendRate: 1, SentLast24Hours: 159 } }));
    oldEmail('sent');
    expect(await complaints()).toEqual({ exitCode: 0, findings: [] });
  });

  it('does not mind a retention that stays, that is recorded, or that the code of an app may have given', async () => {
    keptFor('30');
    expect((await complaints()).findings).toEqual([]);
    keptFor('90', { Description: 'An app with a Sendoff in it' });
    expect((await complaints()).findings).toEqual([]);
    keptFor('90', { Metadata: JSON.stringify({ Sendoff: { Options: { retentionDays: 90 } } }) });
    expect((await complaints()).findings).toEqual([
      expect.objectContaining({ text: expect.stringContaining('deployed with retentionDays=90') }),
    ]);
  });

  it('does not mind forgotten options that take nothing away, nor a folder without cdk.json', async () => {
    deployedWith({ maxConcurrency: 50 });
    expect((await complaints()).findings).toEqual([]);
    deployedWith({ domain: 'mail.example.com' });
    const cwd = vi.spyOn(process, 'cwd').mockReturnValue(import.meta.dirname);
    expect((await complaints()).findings).toEqual([]);
    cwd.mockRestore();
  });

  it('does not call healthy what it may not examine, and examines the rest', async () => {
    ses
      .on(GetAccountCommand)
      .rejects(Object.assign(new Error('you may not ses:GetAccount'), { name: 'AccessDeniedException' }));
    const { exitCode, findings } = await complaints();
    expect(exitCode).toBe(4);
    expect(findings).toEqual([
      expect.objectContaining({
        check: 'SES account',
        level: 'unknown',
        text: 'could not be examined: AWS denied it: you may not ses:GetAccount',
      }),
    ]);
  });

  it('says that there is no verified sender', async () => {
    const { DkimRecord1: _, ...without } = outputs();
    const stack = theStack('UPDATE_COMPLETE').Stacks.map((one) => ({
      ...one,
      Outputs: Object.entries(without).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
    }));
    cloudFormation.on(DescribeStacksCommand).resolves({ Stacks: stack });
    const { findings } = await complaints();
    expect(findings).toEqual([expect.objectContaining({ text: 'SES has no verified sender' })]);
    ses
      .on(ListEmailIdentitiesCommand)
      .resolves({ EmailIdentities: [{ IdentityName: 'me@example.com', SendingEnabled: true }] });
    expect((await complaints()).findings).toEqual([]);
  });

  it('looks for one sender: the address, its domain, and the domains above it', async () => {
    const missing = new NotFoundException({ message: 'no such identity', $metadata: {} });
    ses.on(GetEmailIdentityCommand).rejects(missing);
    expect((await complaints('--from', 'me@mail.example.com')).findings).toEqual([
      expect.objectContaining({
        level: 'problem',
        text: 'SES may not send from me@mail.example.com: none of me@mail.example.com, mail.example.com, example.com is verified',
      }),
    ]);
    ses.on(GetEmailIdentityCommand, { EmailIdentity: 'example.com' }).resolves(anIdentity());
    expect((await complaints('--from', 'Me <me@mail.example.com>')).findings).toEqual([]);
  });

  it('shows the pricing plan', async () => {
    ses.on(GetAccountCommand).resolves(anAccount({ PricingAttributes: { CurrentPlan: 'ESSENTIALS' } }));
    expect((await doctor()).out).toMatch(/^ok +SES pricing plan +Essentials, \$0\.16 per 1,000 emails/m);
  });
});
