import { describe, expect, it } from 'vitest';
import { type OptionName, options } from '../../lib/config/options.ts';
import { configFromContext, optionsTable, parseConfig } from '../../lib/config.ts';

const redis = { backend: 'redis', redisSecret: 'upstash' };

describe('options', () => {
  it('have their defaults when nothing is given', () => {
    expect(parseConfig({})).toEqual(
      Object.fromEntries(Object.entries(options).map(([name, option]) => [name, option.default])),
    );
  });

  it('read their own defaults back', () => {
    for (const option of Object.values(options)) expect(option.parse(option.default)).toEqual(option.default);
  });

  it('are read from strings, as the command line gives them, and from JSON', () => {
    const fromStrings = parseConfig({
      maxConcurrency: '20',
      xray: 'true',
      corsOrigins: 'https://a.example, https://b.example',
    });
    const fromJson = parseConfig({
      maxConcurrency: 20,
      xray: true,
      corsOrigins: ['https://a.example', 'https://b.example'],
    });
    expect(fromStrings).toEqual(fromJson);
    expect(fromJson).toMatchObject({
      maxConcurrency: 20,
      xray: true,
      corsOrigins: ['https://a.example', 'https://b.example'],
    });
  });

  it.each<[OptionName, unknown]>([
    ['maxConcurrency', 2],
    ['maxConcurrency', 1000],
    ['bulkMaxConcurrency', 2],
    ['sendTimeoutSeconds', 60],
    ['sendTimeoutSeconds', 900],
    ['apiThrottleBurst', 5000],
    ['logRetentionDays', 3653],
    ['retentionDays', 1],
    ['giveUpAfterHours', 336],
    ['feedbackWindowSeconds', 20],
    ['maxSendRate', 0.5],
    ['maxSendRate', '14'],
    ['domain', 'mail.example.com'],
    ['domain', 'xn--bcher-kva.example'],
    ['stage', 'a'],
    ['stage', 'a2345678901234567890'],
    ['corsOrigins', ''],
    ['corsOrigins', '*'],
    ['corsOrigins', ['http://localhost:3000']],
    ['encryptTopics', 'false'],
    ['removeData', 'false'],
    ['api', 'rest'],
    ['alarmTopicArn', 'arn:aws-us-gov:sns:us-gov-west-1:123456789012:ops'],
    ['alarmEmail', 'ops+mail@example.com'],
  ])('%s may be %j', (name, value) => {
    expect(() => parseConfig({ [name]: value })).not.toThrow();
  });

  it.each<[OptionName, unknown]>([
    ['maxConcurrency', 1],
    ['maxConcurrency', 1001],
    ['maxConcurrency', 2.5],
    ['maxConcurrency', ''],
    ['maxConcurrency', '10 '.repeat(2)],
    ['maxConcurrency', null],
    ['bulkMaxConcurrency', 1],
    ['sendTimeoutSeconds', 59],
    ['sendTimeoutSeconds', 901],
    ['apiThrottleBurst', 5001],
    ['logRetentionDays', 31],
    ['retentionDays', 0],
    ['domain', 'Example.com'],
    ['domain', 'localhost'],
    ['domain', 'user@example.com'],
    ['stage', 'Prod'],
    ['stage', 'a23456789012345678901'],
    ['stage', '-a'],
    ['corsOrigins', 'https://a.example/path'],
    ['corsOrigins', [1]],
    ['removeData', 'yes'],
    ['logLevel', 'verbose'],
    ['api', 'websocket'],
    ['alarmTopicArn', 'ops'],
    ['alarmEmail', 'Ops <ops@example.com>'],
    ['apiCertificateArn', 'arn:aws:iam::123456789012:server-certificate/x'],
  ])('%s must not be %j; the error names all three: option, value, range', (name, value) => {
    expect(() => parseConfig({ [name]: value })).toThrow(
      `Option '${name}' is ${JSON.stringify(value)}; allowed: ${options[name].range}.`,
    );
  });

  it.each([
    [{ mailFromDomain: 'bounce.example.com' }, 'mailFromDomain', 'domain'],
    [{ mailFromDomain: 'bounce.example.org', domain: 'example.com' }, 'mailFromDomain', 'domain'],
    [{ mailFromDomain: 'example.com', domain: 'example.com' }, 'mailFromDomain', 'domain'],
    [{ ...redis, removeData: 'true' }, 'removeData', 'backend'],
    [{ apiDomain: 'api.example.com' }, 'apiDomain', 'apiCertificateArn'],
    [{ apiCertificateArn: 'arn:aws:acm:eu-west-1:123456789012:certificate/6d3e' }, 'apiDomain', 'apiCertificateArn'],
    [{ api: 'rest', corsOrigins: '*' }, 'api', 'corsOrigins'],
    [{ restAccessLogs: 'true' }, 'api', 'restAccessLogs'],
    [
      { alarmEmail: 'ops@example.com', alarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:ops' },
      'alarmTopicArn',
      'alarmEmail',
    ],
    [{ alarmEmail: 'ops@example.com', monitoring: 'false' }, 'monitoring', 'alarmEmail'],
    [{ alarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:ops', monitoring: 'false' }, 'monitoring', 'alarmTopicArn'],
  ])('refuses %j, names both options and gives the reason', (given, first, second) => {
    expect(() => parseConfig(given)).toThrow(
      new RegExp(`^Option '${first}' is .+ and option '${second}' is .+: .{10,}\\.$`),
    );
  });

  it('refuses an unknown one and suggests the nearest', () => {
    expect(() => parseConfig({ maxConcurency: 5 })).toThrow(
      "Unknown option 'maxConcurency'. Did you mean 'maxConcurrency'?",
    );
  });

  it('refuses an unknown one that is like no other, and lists them all', () => {
    expect(() => parseConfig({ constructor: 1 })).toThrow(
      /^Unknown option 'constructor'\. Options: stage, domain, .*removeData\.$/,
    );
  });

  it('are read under the names they had in version 0.1', () => {
    expect(parseConfig({ ...redis, maxDrainers: 7 })).toEqual(parseConfig({ ...redis, maxConsumers: 7 }));
    expect(configFromContext({ ...redis, maxDrainers: '7' }).maxConsumers).toBe(7);
    expect(parseConfig({ ...redis, maxDrainers: undefined }).maxConsumers).toBe(4);
    expect(() => parseConfig({ ...redis, maxDrainers: 0 })).toThrow("Option 'maxConsumers' is 0; allowed: 1 to 1000.");
  });

  it('are refused under the old and the new name at once', () => {
    expect(() => parseConfig({ ...redis, maxDrainers: 7, maxConsumers: 7 })).toThrow(
      "Option 'maxDrainers' is the old name of 'maxConsumers': give 'maxConsumers' alone.",
    );
  });

  it("ignores the CDK's own context", () => {
    const context = { 'aws:cdk:bundling-stacks': ['**'], '@aws-cdk/core:checkSecretUsage': true, stage: 'test' };
    expect(configFromContext(context).stage).toBe('test');
  });
});

describe('the table of options', () => {
  it('has a row for each, with default and range', () => {
    const rows = optionsTable().split('\n');
    expect(rows).toHaveLength(Object.keys(options).length + 2);
    expect(rows.find((row) => row.includes('`maxConcurrency`'))).toMatch(/whole number \| `4` \| 2 to 1000 \|/);
    expect(rows.find((row) => row.includes('`stage`'))).toContain('| none |');
  });

  it('has no cell that would break a row', () => {
    for (const row of optionsTable().split('\n')) expect(row.split('|')).toHaveLength(7);
  });
});
