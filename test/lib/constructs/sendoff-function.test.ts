import { Match } from 'aws-cdk-lib/assertions';
import { describe, expect, it } from 'vitest';
import { sendoffTemplate } from '../../helpers/sendoff-template.ts';

describe('a function of Sendoff', () => {
  const { template } = sendoffTemplate({
    apiMemoryMb: 1024,
    sendMemoryMb: 2048,
    sendTimeoutSeconds: 90,
    maxConcurrency: 40,
    bulkMaxConcurrency: 3,
    logRetentionDays: 14,
    logLevel: 'warn',
  });

  it('runs the handler that index.mjs exports, on Node 24 and arm64', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: 'index.handler',
    });
  });

  it('logs JSON of the configured level into its own log group, whose entries expire', () => {
    template.allResourcesProperties('AWS::Lambda::Function', {
      // With an application level Lambda would drop the lines of metrics, which have no level.
      LoggingConfig: {
        LogFormat: 'JSON',
        SystemLogLevel: 'WARN',
        ApplicationLogLevel: Match.absent(),
        LogGroup: { Ref: Match.stringLikeRegexp('FunctionLogs') },
      },
      Environment: { Variables: { LOG_LEVEL: 'warn' } },
    });
    template.allResourcesProperties('AWS::Logs::LogGroup', { RetentionInDays: 14 });
  });

  it('may queue jobs on the queue that triggers it: Lambda must not stop its retries', () => {
    template.allResourcesProperties('AWS::Lambda::Function', { RecursiveLoop: 'Allow' });
  });

  it('reserves no concurrency: a new account has none to reserve', () => {
    for (const { Properties } of Object.values(template.findResources('AWS::Lambda::Function'))) {
      expect(Properties).not.toHaveProperty('ReservedConcurrentExecutions');
    }
  });

  it.each([
    ['ApiFunction', 1024, 28],
    ['SendFunction', 2048, 90],
    ['ScheduleFunction', 512, 60],
  ])('%s has its memory and its time limit', (id, MemorySize, Timeout) => {
    const [name] = Object.keys(template.findResources('AWS::Lambda::Function')).filter((key) =>
      key.startsWith(`Mail${id}`),
    );
    expect(template.findResources('AWS::Lambda::Function')[name ?? '']?.Properties).toMatchObject({
      MemorySize,
      Timeout,
    });
  });

  it.each([
    ['TransactionalQueue', 40, Match.absent()],
    ['BulkQueue', 3, 1],
  ])(
    'is triggered by the %s with batches of 10, which only bulk mail waits for, and reports each failed job',
    (queue, MaximumConcurrency, window) => {
      template.hasResourceProperties('AWS::Lambda::EventSourceMapping', {
        EventSourceArn: { 'Fn::GetAtt': [Match.stringLikeRegexp(queue), 'Arn'] },
        FunctionName: { Ref: Match.stringLikeRegexp('SendFunction') },
        BatchSize: 10,
        MaximumBatchingWindowInSeconds: window,
        FunctionResponseTypes: ['ReportBatchItemFailures'],
        ScalingConfig: { MaximumConcurrency },
      });
    },
  );
});
