import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { describe, expect, it, vi } from 'vitest';
import { deployedQueueNames, queues } from '../../functions/core/queues.ts';
import { options } from '../../lib/config/options.ts';
import { parseConfig } from '../../lib/config.ts';
import { SendoffStack } from '../../lib/sendoff-stack.ts';
import { appWithoutBundling } from '../helpers/sendoff-template.ts';

/** The table of queues with one more entry. Nothing else is changed. */
vi.mock('../../functions/core/queues.ts', async (original) => {
  const actual = await original<typeof import('../../functions/core/queues.ts')>();
  // The table itself is extended, as its own functions read it too.
  Object.assign(actual.queues, { 'extra-mail': { ...actual.queues.bulk, allowedWaitMinutes: 30 } });
  (actual.queueNames as string[]).push('extra-mail');
  return actual;
});

const stackTemplate = (options: object) =>
  Template.fromStack(new SendoffStack(appWithoutBundling(), parseConfig({ ...options })));

describe('a queue that is added to the table', () => {
  const template = stackTemplate({ bulkMaxConcurrency: 7, sendTimeoutSeconds: 70 });
  const [logicalId = ''] = Object.keys(template.findResources('AWS::SQS::Queue')).filter((id) =>
    id.startsWith('SendoffExtraMailQueue'),
  );
  const url = { Ref: logicalId };

  it('is in the stack, hidden for six times the time limit of its function, and while a batch fills', () => {
    template.hasResourceProperties('AWS::SQS::Queue', { VisibilityTimeout: 420 });
    expect(template.findResources('AWS::SQS::Queue')[logicalId]?.Properties.VisibilityTimeout).toBe(421);
  });

  it('triggers its function with the concurrency of its option', () => {
    template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
      EventSourceArn: { 'Fn::GetAtt': [logicalId, 'Arn'] },
      FunctionName: { Ref: Match.stringLikeRegexp('SendFunction') },
      ScalingConfig: { MaximumConcurrency: 7 },
    });
  });

  it('is known to every function, and to the CLI by an output', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Environment: { Variables: { EXTRA_MAIL_QUEUE_URL: url } },
    });
    template.hasOutput('ExtraMailQueueUrl', { Value: url });
  });

  it.each([
    ['sqs:SendMessage', ['ApiFunctionRole', 'SendFunctionRole', 'ScheduleFunctionRole']],
    ['sqs:ReceiveMessage', ['SendFunctionRole']],
  ])('allows %s to the functions that work with emails', (action, roles) => {
    const policies = Object.entries(template.findResources('AWS::IAM::Policy')).filter(([, { Properties }]) =>
      Properties.PolicyDocument.Statement.some(
        ({ Action, Resource }: { Action: string | string[]; Resource: unknown }) =>
          [Action].flat().includes(action) && JSON.stringify(Resource).includes(logicalId),
      ),
    );
    expect(policies.map(([id]) => /^Sendoff(\w+Role)Default/.exec(id)?.[1]).sort()).toEqual(roles.toSorted());
  });

  it('has an alarm that allows its wait, is counted, and is on the dashboard', () => {
    const alarms = template.findResources('AWS::CloudWatch::Alarm');
    const alarmOf = (name: string) =>
      Object.entries(alarms).find(([id]) => id.startsWith(`SendoffMonitoringAlarms${name}`))?.[1].Properties;
    expect(alarmOf('OldestJobextramail').Threshold).toBe(15 * 60 + 421 + 30 * 60);
    expect(alarmOf('OldestJobextramail').AlarmDescription).toContain('raise bulkMaxConcurrency');
    expect(JSON.stringify(alarmOf('SendFailures').Metrics)).toContain('FILL(sent_extra_mail, 0)');
    const [dashboard] = Object.values(template.findResources('AWS::CloudWatch::Dashboard'));
    expect(JSON.stringify(dashboard)).toContain('sent, extra-mail');
  });

  it('has with backend=redis an alarm on the metrics that the watchdog publishes', () => {
    stackTemplate({ backend: 'redis', redisSecret: 'upstash' }).hasResourceProperties('AWS::CloudWatch::Alarm', {
      MetricName: 'OldestJobAge',
      Dimensions: Match.arrayWith([{ Name: 'Queue', Value: 'extra-mail' }]),
      Threshold: 15 * 60 + 30 * 60,
    });
  });
});

describe('the names of queues', () => {
  it('stand in no file of lib', () => {
    const root = join(import.meta.dirname, '..', '..');
    // `send` and `webhook` are functions too, and `tasks` is an option.
    const isOther = (name: string) =>
      Object.hasOwn(options, name) || Object.values(queues).some(({ worker }) => worker === name);
    const names = deployedQueueNames(true).filter((name) => !isOther(name));
    const named = globSync('lib/*.ts', { cwd: root })
      .concat(globSync('lib/{backends,config,constructs}/**/*.ts', { cwd: root }))
      .filter((file) => {
        const code = readFileSync(join(root, file), 'utf8').replace(/^\s*(\/?\*|\/\/).*$/gm, '');
        return names.some((name) => new RegExp(`['"\`.]${name}\\b`).test(code));
      });
    expect(named).toEqual([]);
  });
});
