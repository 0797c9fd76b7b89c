import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateSummaryCommand,
  ListStackResourcesCommand,
} from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { GetAccountSettingsCommand, GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  GetAccountCommand,
  GetConfigurationSetCommand,
  GetEmailIdentityCommand,
  ListEmailIdentitiesCommand,
  SESv2Client,
} from '@aws-sdk/client-sesv2';
import { GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { hasRedis, type RedisDatabase, startRedisDatabase } from '../../helpers/redis-database.ts';
import { cli, type Situation } from './cli.ts';

const cloudFormation = mockClient(CloudFormationClient);
const cloudWatch = mockClient(CloudWatchClient);
const lambda = mockClient(LambdaClient);
const ses = mockClient(SESv2Client);
const sqs = mockClient(SQSClient);

interface Asked {
  /** The service in the signature, and the action or path: `ssm AmazonSSM.GetParameter`, `lambda /2015-03-31/…`. */
  readonly what: string;
  readonly authorization: string;
  readonly body: string;
}

/** Answers requests that the CLI makes to AWS without an SDK client, and the API's /health. */
let aws: Server;
let database: RedisDatabase;
const asked: Asked[] = [];
let rule = 'ENABLED';
let denied = false;
const namespace = 'SendoffSendoff1234';

function noteOf({ headers, url = '' }: IncomingMessage, body: string): Asked {
  const { authorization = '', 'x-amz-target': target = url } = headers;
  const service = /\/([a-z]+)\/aws4_request/.exec(authorization)?.[1] ?? '';
  return { what: `${service} ${target}`, authorization, body };
}

function answerTo({ what }: Asked): unknown {
  const { url, token } = database.front;
  if (what.startsWith('secretsmanager')) return { SecretString: JSON.stringify({ url, token }) };
  if (what.startsWith('ssm')) return { Parameter: { Value: JSON.stringify({ url, token }) } };
  return what.startsWith('events') ? { State: rule } : {};
}

describe.skipIf(!hasRedis)('sendoff on a deployed stack with the backend redis', () => {
  beforeAll(async () => {
    database = await startRedisDatabase();
    aws = createServer(async (request, response) => {
      const one = noteOf(request, await text(request));
      asked.push(one);
      const refused = denied && one.what.startsWith('secretsmanager');
      response.writeHead(refused ? 400 : 200);
      response.end(refused ? '{"__type":"AccessDeniedException"}' : JSON.stringify(answerTo(one)));
    });
    await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    await new Promise((resolve) => aws.close(resolve));
    await database.close();
  });

  const endpoint = () => `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;
  const outputs = (): Record<string, string> => ({
    ApiUrl: endpoint(),
    RedisNamespace: namespace,
    RedisSecret: 'mail/upstash',
    DeadLetterQueueUrl: 'https://sqs/1/Dead',
    FeedbackQueueUrl: 'https://sqs/1/Feedback',
    ConfigurationSetName: 'set',
    RedisConsumerFunctionName: 'Sendoff-Send-1',
    RedisWatchdogFunctionName: 'Sendoff-Schedule-1',
    DkimRecord1: 'token1._domainkey.mail.example.com CNAME token1.dkim.amazonses.com',
  });
  const deploy = (Outputs: Record<string, string>) =>
    cloudFormation.on(DescribeStacksCommand).resolves({
      Stacks: [
        {
          StackName: 'Sendoff',
          CreationTime: new Date(0),
          StackStatus: 'UPDATE_COMPLETE',
          Outputs: Object.entries(Outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
        },
      ],
    });
  const resource = (ResourceType: string, PhysicalResourceId: string) => ({
    ResourceType,
    LogicalResourceId: 'Id',
    PhysicalResourceId,
    LastUpdatedTimestamp: new Date(0),
    ResourceStatus: 'CREATE_COMPLETE' as const,
  });

  beforeEach(async () => {
    asked.length = 0;
    rule = 'ENABLED';
    denied = false;
    await database.command('FLUSHALL');
    // The default chain looks here first; CI has a profile, an instance or nothing.
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIDOPERATOR');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
    for (const mock of [cloudFormation, cloudWatch, lambda, ses, sqs]) mock.reset();
    deploy(outputs());
    cloudFormation.on(GetTemplateSummaryCommand).resolves({});
    cloudFormation.on(ListStackResourcesCommand).resolves({
      StackResourceSummaries: [
        resource('AWS::CloudWatch::Alarm', 'dead-letters'),
        resource('AWS::Events::Rule', 'Sendoff-Rule-1'),
      ],
    });
    const alarm = { AlarmName: 'dead-letters', StateValue: 'OK' as const, AlarmActions: ['topic'] };
    cloudWatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms: [alarm] });
    lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 1_000 } });
    lambda
      .on(GetFunctionConfigurationCommand, { FunctionName: 'Sendoff-Send-1' })
      .resolves({ MemorySize: 512, Environment: { Variables: { MAX_CONSUMERS: '4' } } });
    ses.on(GetAccountCommand).resolves({
      ProductionAccessEnabled: true,
      SendingEnabled: true,
      EnforcementStatus: 'HEALTHY',
      SendQuota: { Max24HourSend: 50_000, MaxSendRate: 14, SentLast24Hours: 0 },
    });
    ses.on(GetConfigurationSetCommand).resolves({ SendingOptions: { SendingEnabled: true } });
    const DkimAttributes = { Status: 'SUCCESS' as const, SigningEnabled: true };
    ses.on(GetEmailIdentityCommand).resolves({ VerifiedForSendingStatus: true, DkimAttributes });
    ses.on(ListEmailIdentitiesCommand).resolves({ EmailIdentities: [] });
    sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ApproximateNumberOfMessages: '0' } });
    sqs.on(ReceiveMessageCommand).resolves({ Messages: [] });
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.useRealTimers();
  });

  const sendoff = (args: string, { env, ...situation }: Situation = {}) =>
    cli([...args.split(' '), '--region', 'eu-west-1'], { ...situation, env: { AWS_ENDPOINT_URL: endpoint(), ...env } });
  const key = (name: string) => `{sendoff:${namespace}}:${name}`;
  const bury = () =>
    database.command(
      'XADD',
      key('dead'),
      '*',
      'job',
      '{"task":"t","args":{},"attempt":1}',
      'queue',
      'bulk',
      'received',
      '5',
    );

  it.each([
    ['RedisSecret', 'mail/upstash', 'secretsmanager secretsmanager.GetSecretValue', '{"SecretId":"mail/upstash"}'],
    ['RedisParameter', '/mail/upstash', 'ssm AmazonSSM.GetParameter', '{"Name":"/mail/upstash","WithDecryption":true}'],
  ])('reads the credentials that the output %s names, as the operator', async (output, name, what, body) => {
    const { RedisSecret: _, ...others } = outputs();
    deploy({ ...others, [output]: name });
    expect((await sendoff('keys create my-app')).exitCode).toBe(0);
    expect((await sendoff('keys list')).out).toMatch(/my-app +full_access/);
    expect(asked).toHaveLength(2);
    expect(asked[0]).toMatchObject({ what, body });
    expect(asked[0]?.authorization).toMatch(/Credential=AKIDOPERATOR\/\d{8}\/eu-west-1\//);
    expect(Number(await database.command('EXISTS', key('list')))).toBe(1);
  });

  it("takes the stack's database, never one that the environment of this machine names", async () => {
    const env = { UPSTASH_REDIS_REST_URL: 'http://127.0.0.1:9', UPSTASH_REDIS_REST_TOKEN: 'another' };
    expect((await sendoff('keys list', { env })).exitCode).toBe(0);
  });

  it('says in a line which secret it may not read, and never shows a secret', async () => {
    denied = true;
    expect(await sendoff('keys list')).toEqual({
      exitCode: 1,
      out: '',
      notes:
        'sendoff: Cannot read the database\'s credentials from the secret mail/upstash: secretsmanager answered 400: {"__type":"AccessDeniedException"}',
    });
    denied = false;
    database.front.fault = { effect: { status: 401, error: 'WRONGPASS invalid or missing auth token' } };
    const { exitCode, notes } = await sendoff('keys list --debug');
    database.front.fault = undefined;
    expect(exitCode).toBe(1);
    expect(notes).toContain('Redis refuses our credentials');
    expect(notes).not.toContain(database.front.token);
  });

  it('says to deploy anew when a stack is older than that output', async () => {
    const { RedisSecret: _, ...others } = outputs();
    deploy(others);
    expect(await sendoff('keys list')).toMatchObject({ exitCode: 1, notes: expect.stringContaining('deploy it anew') });
  });

  it('invokes a consumer when it redrives', async () => {
    await bury();
    expect(await sendoff('dead-letters redrive --all')).toEqual({ exitCode: 0, out: 'Redrove 1 job.', notes: '' });
    expect(asked.at(-1)).toMatchObject({
      what: 'lambda /2015-03-31/functions/Sendoff-Send-1/invocations',
      body: '{"replaces":"","watchdog":"Sendoff-Schedule-1"}',
    });
    expect(Number(await database.command('XLEN', key('bulk')))).toBe(1);
  });

  it('finds the functions of a stack of version 0.1 by the outputs that they had', async () => {
    const { RedisConsumerFunctionName: _, RedisWatchdogFunctionName: __, ...others } = outputs();
    deploy({ ...others, SendFunctionName: 'Sendoff-Drain-1', ScheduleFunctionName: 'Sendoff-Wake-1' });
    await bury();
    expect((await sendoff('dead-letters redrive --all')).out).toBe('Redrove 1 job.');
    expect(asked.at(-1)).toMatchObject({
      what: 'lambda /2015-03-31/functions/Sendoff-Drain-1/invocations',
      body: '{"replaces":"","watchdog":"Sendoff-Wake-1"}',
    });
  });

  it('takes the outputs of this version where a stack has both, and names them when it has neither', async () => {
    deploy({ ...outputs(), SendFunctionName: 'Sendoff-Drain-1', ScheduleFunctionName: 'Sendoff-Wake-1' });
    await bury();
    await sendoff('dead-letters redrive --all');
    expect(asked.at(-1)?.what).toContain('/Sendoff-Send-1/');
    const { RedisConsumerFunctionName: _, ...others } = outputs();
    deploy(others);
    const notes = expect.stringContaining('has no output RedisConsumerFunctionName');
    expect(await sendoff('dead-letters list')).toMatchObject({ exitCode: 1, notes });
  });

  it("writes times of Redis' clock: with those of a machine that is an hour ahead, no consumer would be invoked for that hour", async () => {
    await bury();
    const realMs = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: realMs + 3_600_000 });
    const { out } = await sendoff('dead-letters list --json', { now: Date.now });
    expect(JSON.parse(out)[0].age_ms).toBeLessThan(60_000);
    await sendoff('dead-letters redrive --all', { now: Date.now });
    const expectedUntilMs = Number(await database.command('ZSCORE', key('timers'), '@'));
    expect(Math.abs(expectedUntilMs - realMs)).toBeLessThan(60_000);
  });

  /** The document with the state of sending, of a minute ago, as it is stored: each field is JSON. */
  const sending = (more: object) => {
    const state = { readAtMs: Date.now() - 60_000, ratePerSecond: 14, max24Hours: 50_000, sent24Hours: 1_200, ...more };
    const f = Object.fromEntries(Object.entries(state).map(([name, value]) => [name, JSON.stringify(value)]));
    return database.command('SET', key('doc:sending'), JSON.stringify({ f }));
  };
  const complaints = async () => {
    const { exitCode, out } = await sendoff('doctor --json');
    const findings: { level: string }[] = JSON.parse(out);
    return { exitCode, findings: findings.filter(({ level }) => level !== 'ok') };
  };

  it('finds no problem with doctor where there is none, and looks for no trigger', async () => {
    await sending({});
    const { exitCode, out, notes } = await sendoff('doctor');
    expect({ exitCode, notes }).toEqual({ exitCode: 0, notes: '' });
    const steady = out
      .replace(/answers in \d+ ms/g, 'answers in 1 ms')
      .replace(/Redis [\d.]+/, 'Redis 7')
      .replace(/as of \d+ s/, 'as of 60 s');
    expect(steady).toMatchInlineSnapshot(`
      "    CHECK              FOUND
      ok  stack              Sendoff is UPDATE_COMPLETE
      ok  api                answers in 1 ms
      ok  database           Redis 7 answers in 1 ms
      ok  eviction           off: a full database refuses writes and loses nothing
      ok  schedule           its rule is on: the queues are looked at once a minute
      ok  workers            up to 4 consumers at once of the account's 1000 concurrent executions
      ok  sending            14 recipients a second, 1200 of 50000 used in 24 hours, 48800 left (as of 60 s ago)
      ok  SES sandbox        out of it
      ok  SES sending        enabled, account healthy
      ok  SES quota          0 of 50000 recipients used in 24 hours, 14 a second
      ok  SES pricing plan   unknown; the SES console shows it
      ok  configuration set  sends
      ok  identities         mail.example.com is verified and signs with DKIM
      ok  dead letters       none
      ok  waiting emails     none for more than 30 min
      ok  broadcasts         none is paused, late or stands still
      ok  alarms             1, none in alarm"
    `);
    expect(lambda.calls()).toHaveLength(2);
  });

  it('finds with doctor that nothing is sent, and that consumers are too few or too many', async () => {
    await sending({ held: 'paused', heldSinceMs: Date.now() - 3_600_000, heldReason: 'Account is paused.' });
    expect(await complaints()).toMatchObject({
      exitCode: 4,
      findings: [{ check: 'sending', text: expect.stringContaining('Account is paused.; 14 rec') }],
    });
    await sending({ ratePerSecond: 500 });
    lambda.on(GetAccountSettingsCommand).resolves({ AccountLimit: { ConcurrentExecutions: 13 } });
    expect(await complaints()).toMatchObject({
      exitCode: 0,
      findings: [
        { check: 'workers', advice: expect.stringContaining('maxConsumers') },
        { check: 'send rate', advice: expect.stringMatching(/^raise maxConsumers to 11/) },
      ],
    });
  });

  it('finds with doctor that nobody asks SES while emails wait, once they have waited for a minute', async () => {
    await sending({ readAtMs: Date.now() - 600_000 });
    const add = (id: string) =>
      database.command('XADD', key('transactional'), id, 'job', '{"task":"t","args":{},"attempt":1}');
    await add(`${Date.now() - 1_000}-0`);
    expect((await complaints()).findings).toEqual([]);
    await database.command('DEL', key('transactional'));
    await add(`${Date.now() - 120_000}-0`);
    expect((await complaints()).findings).toMatchObject([{ check: 'sending', level: 'problem' }]);
  });

  it('finds with doctor that the schedule is off', async () => {
    rule = 'DISABLED';
    const { exitCode, out } = await sendoff('doctor');
    expect(exitCode).toBe(4);
    expect(out).toMatch(/^problem +schedule +its rule is DISABLED/m);
    expect(out).toContain('aws events enable-rule --name Sendoff-Rule-1');
  });

  it('finds with doctor that the database cannot be reached, and examines the rest', async () => {
    denied = true;
    const { exitCode, out } = await sendoff('doctor --json');
    expect(exitCode).toBe(4);
    const found = JSON.parse(out).filter(({ level }: { level: string }) => level !== 'ok');
    expect(found.map(({ check, level }: { check: string; level: string }) => [check, level])).toEqual([
      ['backend', 'unknown'],
      ['sending', 'unknown'],
      ['dead letters', 'unknown'],
      ['waiting emails', 'unknown'],
      ['broadcasts', 'unknown'],
    ]);
  });

  it('does not call eviction off when the database does not say so: Upstash has no CONFIG', async () => {
    await database.command('ACL', 'SETUSER', 'default', '-config', '-info');
    const { exitCode, out } = await sendoff('doctor');
    await database.command('ACL', 'SETUSER', 'default', '+@all');
    expect(exitCode).toBe(0);
    expect(out).toMatch(/^ok +database +answers in \d+ ms; it does not say whether it evicts/m);
    expect(out).not.toMatch(/^ok +eviction/m);
  });
});
