import { appendFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudFormationClient, DescribeStacksCommand, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { mockClient } from 'aws-sdk-client-mock';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { readLine } from '../../../../bin/cli/commands/tail/line.ts';
import { writeConnection } from '../../../../lib/local/connection.ts';
import { type LogLine, lineOf, openLogFile } from '../../../../lib/local/log-file.ts';
import { cli, type Situation } from '../cli.ts';

const nowMs = Date.parse('2026-11-21T12:00:00.000Z');
const aLine = (more: Partial<LogLine> = {}): LogLine => ({
  atMs: nowMs - 1_000,
  source: 'SendoffSendFunction98B46BAD',
  message: '{"level":"warn","message":"job will be tried again","emailId":"e1","attempt":2}',
  ...more,
});

/** The connection of `sendoff start` without its log file. */
const connection = {
  apiUrl: '',
  inboxUrl: '',
  awsEndpoint: '',
  region: 'us-east-1',
  credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  outputs: {},
};

describe('a log line', () => {
  it('of ours is its level, its message and its fields', () => {
    expect(readLine(aLine())).toEqual({
      atMs: nowMs - 1_000,
      source: 'send',
      level: 'warn',
      message: 'job will be tried again',
      fields: { emailId: 'e1', attempt: 2 },
    });
  });

  it.each([
    ['what is not JSON as it is', 'plain text\n', { level: 'info', message: 'plain text' }],
    ['what only looks like JSON as it is', '{oops', { level: 'info', message: '{oops' }],
    [
      'an access log by its fields',
      '{"method":"POST","status":"200"}',
      { message: '', fields: { method: 'POST', status: '200' } },
    ],
    ["Lambda's level", '{"timestamp":"t","level":"FATAL","message":"m"}', { level: 'error', message: 'm', fields: {} }],
    [
      'a time-out as an error',
      '{"time":"t","type":"platform.report","record":{"requestId":"r","status":"timeout"}}',
      { level: 'error', message: 'the invocation ended with: timeout' },
    ],
  ])('shows %s', (_, message, line) => {
    expect(readLine(aLine({ message }))).toMatchObject(line);
  });

  it.each([
    '{"time":"t","type":"platform.start","record":{"requestId":"r"}}',
    '{"time":"t","type":"platform.report","record":{"requestId":"r","status":"success"}}',
    '\n',
  ])('leaves out %j', (message) => {
    expect(readLine(aLine({ message }))).toBeUndefined();
  });
});

describe('sendoff tail --local', () => {
  const directory = mkdtempSync(join(tmpdir(), 'sendoff-tail-'));
  const logFile = join(directory, 'local.log');
  const env = { SENDOFF_LOCAL_FILE: join(directory, 'local.json') };
  const write = (...lines: LogLine[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
  const tail = (args: string, situation: Situation = {}) =>
    cli(['tail', '--local', ...args.split(' ')], { env, now: () => nowMs, ...situation });

  beforeEach(() => {
    writeConnection(env.SENDOFF_LOCAL_FILE, { pid: process.pid, ...connection, logFile });
    writeFileSync(logFile, '');
  });

  it('filters lines by time, level, source and email', async () => {
    const info = '{"level":"info","message":"fine","emailId":"e2"}';
    writeFileSync(
      logFile,
      write(
        aLine({ atMs: nowMs - 3_600_000, message: 'long ago' }),
        aLine(),
        aLine({ message: info }),
        aLine({ source: 'cloud', message: 'GET /emails → 200 in 1.0 ms' }),
      ),
    );
    const warning = '11:59:59.000  send      warn   job will be tried again  emailId=e1  attempt=2';
    expect((await tail('--no-follow --level warn')).out).toBe(warning);
    expect((await tail('--no-follow --email e1')).out).toBe(warning);
    expect((await tail('--no-follow --email e2 --only send')).out).toContain('fine');
    expect((await tail('--no-follow --only cloud')).out).toMatch(/cloud +info +GET \/emails/);
    expect((await tail('--no-follow --since 2h')).out.split('\n')).toHaveLength(4);
    expect(JSON.parse((await tail('--no-follow --json --email e1')).out)).toEqual({
      at: '2026-11-21T11:59:59.000Z',
      source: 'send',
      level: 'warn',
      message: 'job will be tried again',
      fields: { emailId: 'e1', attempt: 2 },
    });
  });

  it('follows lines as they are written, in parts too, over a restart, until Ctrl-C, which is a good end', async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const whole = write(aLine({ message: 'second — täil' }));
    const onOut = (line: string) => {
      seen.push(line.replace(/.*info +/, ''));
      if (seen.length === 1) appendFileSync(logFile, Buffer.from(whole).subarray(0, -6));
      if (seen.length === 1) setTimeout(() => appendFileSync(logFile, Buffer.from(whole).subarray(-6)), 300);
      if (seen.length === 2) writeFileSync(logFile, write(aLine({ message: 'anew' })));
      if (seen.length === 3) controller.abort();
    };
    writeFileSync(
      logFile,
      write(aLine({ message: 'a first line that is longer than what follows after the restart' })),
    );
    const { exitCode, notes } = await tail('--since 1h', { interrupt: controller.signal, onOut });
    expect({ exitCode, notes }).toEqual({ exitCode: 0, notes: '' });
    expect(seen.slice(1)).toEqual(['second — täil', 'anew']);
  });

  it('reads what the local cloud writes', async () => {
    const log = openLogFile(logFile);
    log.write({
      kind: 'output',
      functionName: 'SendoffApiFunctionBE269A95',
      instanceId: 'i',
      stream: 'stdout',
      line: '{"level":"error","message":"broken"}',
    });
    log.write({ kind: 'request', method: 'GET', path: '/health', status: 200, durationMs: 1 });
    await log.close();
    const { out } = await cli(['tail', '--local', '--no-follow'], { env });
    expect(out).toMatch(/^\S+ {2}api +error {2}broken\n\S+ {2}cloud +info {3}GET \/health → 200 in 1\.0 ms$/);
    const coldStart = { kind: 'cold-start', functionName: 'Api', instanceId: 'i', initMs: 163 } as const;
    expect(lineOf(coldStart, 5)).toEqual({ atMs: 5, source: 'Api', message: 'cold start i: init 163 ms' });
  });
});

describe('sendoff tail', () => {
  const cloudFormation = mockClient(CloudFormationClient);
  const logs = mockClient(CloudWatchLogsClient);
  afterAll(() => {
    cloudFormation.restore();
    logs.restore();
  });

  beforeEach(() => {
    cloudFormation.reset();
    logs.reset();
    cloudFormation
      .on(DescribeStacksCommand)
      .resolves({ Stacks: [{ StackName: 'Sendoff', CreationTime: new Date(0), StackStatus: 'CREATE_COMPLETE' }] });
    deployLogGroups(['SendoffApiFunctionLogs12345678', 'SendoffSendFunctionLogs12345678']);
    logs.on(FilterLogEventsCommand).resolves({ events: [] });
  });

  const deployLogGroups = (ids: readonly string[]) =>
    cloudFormation.on(ListStackResourcesCommand).resolves({
      StackResourceSummaries: ids.map((LogicalResourceId) => ({
        ResourceType: 'AWS::Logs::LogGroup',
        LogicalResourceId,
        PhysicalResourceId: `group-${LogicalResourceId}`,
        LastUpdatedTimestamp: new Date(0),
        ResourceStatus: 'CREATE_COMPLETE' as const,
      })),
    });
  const event = (eventId: string, agoMs: number, message: string) => ({ eventId, timestamp: nowMs - agoMs, message });
  const tail = (args: string[], situation: Situation = {}) =>
    cli(['tail', '--region', 'eu-west-1', ...args], { now: () => nowMs, ...situation });

  it('shows the lines of all log groups in the order of their time', async () => {
    logs
      .on(FilterLogEventsCommand, { logGroupName: 'group-SendoffApiFunctionLogs12345678' })
      .resolves({ events: [event('1', 2_000, 'one'), event('3', 1_000, 'three')] });
    logs
      .on(FilterLogEventsCommand, { logGroupName: 'group-SendoffSendFunctionLogs12345678' })
      .resolves({ events: [event('2', 1_500, 'two')] });
    const { exitCode, out } = await tail(['--no-follow', '--email', 'e"1']);
    expect(exitCode).toBe(0);
    expect(out.split('\n').map((line) => line.replace(/ +/g, ' '))).toEqual([
      '11:59:58.000 api info one',
      '11:59:58.500 send info two',
      '11:59:59.000 api info three',
    ]);
    const inputs = logs.commandCalls(FilterLogEventsCommand).map(({ args }) => args[0].input);
    expect(inputs).toHaveLength(2);
    expect(inputs[0]).toMatchObject({ startTime: nowMs - 60_000, filterPattern: '"e1"' });
  });

  describe('with backend=redis', () => {
    const ids = [
      'SendoffSendFunctionLogs12345678',
      'SendoffScheduleFunctionLogs12345678',
      'SendoffApiFunctionLogs12345678',
    ];
    beforeEach(() => {
      const Outputs = [{ OutputKey: 'RedisNamespace', OutputValue: 'Sendoff1' }];
      cloudFormation.on(DescribeStacksCommand).resolves({
        Stacks: [{ StackName: 'Sendoff', CreationTime: new Date(0), StackStatus: 'CREATE_COMPLETE', Outputs }],
      });
      deployLogGroups(ids);
      for (const id of ids)
        logs.on(FilterLogEventsCommand, { logGroupName: `group-${id}` }).resolves({ events: [event(id, 1_000, id)] });
    });

    it('names consumer and watchdog as they are called, whatever the ids of their log groups', async () => {
      const { out } = await tail(['--no-follow']);
      expect(out.split('\n').map((line) => line.split(/ +/).filter((_, index) => index % 2 === 1))).toEqual([
        ['consumer', 'SendoffSendFunctionLogs12345678'],
        ['watchdog', 'SendoffScheduleFunctionLogs12345678'],
        ['api', 'SendoffApiFunctionLogs12345678'],
      ]);
    });

    it.each([
      ['consumer', 'consumer'],
      ['send', 'consumer'],
      ['watchdog', 'watchdog'],
      ['schedule', 'watchdog'],
    ])('shows for --only %s the %s, as the local cloud does', async (only, source) => {
      const line = expect.stringMatching(new RegExp(`^\\S+ +${source} +info`));
      expect((await tail(['--no-follow', '--only', only])).out.split('\n')).toEqual([line]);
      const directory = mkdtempSync(join(tmpdir(), 'sendoff-tail-'));
      const logFile = join(directory, 'local.log');
      const env = { SENDOFF_LOCAL_FILE: join(directory, 'local.json') };
      const outputs = { RedisNamespace: 'Sendoff1' };
      writeConnection(env.SENDOFF_LOCAL_FILE, { ...connection, outputs, logFile, pid: process.pid });
      const functions = ['RedisConsumer', 'RedisWatchdog', 'Api'].map((name) => `Sendoff${name}Function98B46BAD`);
      writeFileSync(
        logFile,
        functions.map((name) => `${JSON.stringify(aLine({ source: name, message: 'm' }))}\n`).join(''),
      );
      const local = await cli(['tail', '--local', '--no-follow', '--only', only], { env, now: () => nowMs });
      expect(local.out.split('\n')).toEqual([line]);
    });
  });

  it('asks only the log groups of --only', async () => {
    await tail(['--no-follow', '--only', 'send']);
    const groups = logs.commandCalls(FilterLogEventsCommand).map(({ args }) => args[0].input.logGroupName);
    expect(groups).toEqual(['group-SendoffSendFunctionLogs12345678']);
  });

  it('follows, and shows late lines, but no line twice', async () => {
    const controller = new AbortController();
    const first = event('1', 1_000, 'first');
    logs
      .on(FilterLogEventsCommand)
      .resolvesOnce({ events: [first] })
      .resolves({ events: [first, event('0', 1_500, 'late'), event('2', 500, 'second')] });
    const onOut = (line: string) => line.endsWith('second') && controller.abort();
    const { exitCode, out } = await tail(['--only', 'send'], { interrupt: controller.signal, onOut });
    expect(exitCode).toBe(0);
    expect(out.split('\n').map((line) => line.replace(/.* /, ''))).toEqual(['first', 'late', 'second']);
  });
});
