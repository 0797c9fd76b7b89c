import { describe, expect, it } from 'vitest';
import { sendoffTemplate } from '../../../helpers/sendoff-template.ts';

interface Alarm {
  readonly Threshold: number;
  readonly AlarmDescription: string;
  readonly MetricName?: string;
  readonly Namespace?: string;
  readonly Metrics?: readonly {
    readonly Id: string;
    readonly Expression?: string;
    readonly ReturnData?: boolean;
    readonly Period?: number;
    readonly MetricStat?: {
      readonly Period: number;
      readonly Metric: { readonly MetricName: string; readonly Dimensions: unknown };
    };
  }[];
  readonly EvaluationPeriods: number;
  readonly DatapointsToAlarm: number;
  readonly TreatMissingData: string;
  readonly AlarmActions?: unknown[];
  readonly OKActions?: unknown[];
}

function alarmsOf(props: Parameters<typeof sendoffTemplate>[0] = {}): Record<string, Alarm> {
  const found = sendoffTemplate(props).template.findResources('AWS::CloudWatch::Alarm');
  const named = Object.entries(found).map(([logicalId, { Properties }]) => [
    logicalId.replace(/^MailMonitoringAlarms|[0-9A-F]{8}$/g, ''),
    Properties,
  ]);
  return Object.fromEntries(named);
}

const alarms = alarmsOf();
const alarm = (name: string, among = alarms): Alarm => {
  const found = among[name];
  if (!found) throw new Error(`no alarm ${name} in ${Object.keys(among).join(', ')}`);
  return found;
};
/** The value of a metric-math expression for these values of its metrics. */
function evaluate(name: string, values: Record<string, number>, among = alarms): number {
  const { Metrics = [] } = alarm(name, among);
  const known = new Map(Object.entries(values));
  const scope = () => Object.fromEntries([...known].map(([id, value]) => [id, value]));
  const compute = (expression: string): number => {
    const text = expression.replaceAll(' AND ', ' && ').replace(/\bIF\(/g, 'IF_(');
    const functions = {
      IF_: (condition: boolean, yes: number, no: number) => (condition ? yes : no),
      SUM: (all: number[]) => all.reduce((sum, one) => sum + one, 0),
      FILL: (value: number | undefined, fallback: number) => value ?? fallback,
    };
    const names = { ...functions, ...Object.fromEntries(Metrics.map(({ Id }) => [Id, undefined])), ...scope() };
    return new Function(...Object.keys(names), `return ${text};`)(...Object.values(names));
  };
  // Inner expressions first: the outer one refers to them.
  const expressions = Metrics.filter(({ Expression }) => Expression).reverse();
  let result = Number.NaN;
  for (const { Id, Expression = '', ReturnData } of expressions) {
    if (ReturnData !== false) continue;
    known.set(Id, compute(Expression));
  }
  for (const { Expression = '', ReturnData } of expressions) if (ReturnData !== false) result = compute(Expression);
  return result;
}

describe('the alarms', () => {
  it('are about conditions that need a person', () => {
    expect(Object.keys(alarms).sort()).toEqual([
      'ApiErrors',
      'BounceRate',
      'BroadcastStalled',
      'ComplaintRate',
      'DeadLetters',
      'FeedbackDelay',
      'FunctionErrors',
      'FunctionThrottles',
      'OldestJobbulk',
      'OldestJobfeedback',
      'OldestJobtransactional',
      'OldestJobwebhook',
      'OldestJobwebhookslow',
      'SendFailures',
      'SendingPaused',
      'SendingStalled',
    ]);
  });

  it.each(Object.entries(alarms))('%s says what it means and what to do', (_name, { AlarmDescription }) => {
    expect(AlarmDescription).toMatch(/\. Do: .{40,}/);
    expect(AlarmDescription.length).toBeLessThanOrEqual(1024);
  });

  it.each(Object.entries(alarms))('%s is quiet while a deployment is not used', (name, { TreatMissingData }) => {
    // SES publishes its rates from time to time, and redis reports no hold while all jobs are delayed: nothing has changed then.
    expect(TreatMissingData).toBe(/Rate$|^SendingPaused$/.test(name) ? 'ignore' : 'notBreaching');
  });

  it('begin below the rates at which SES puts an account under review: 5 % and 0.1 %', () => {
    expect(alarm('BounceRate')).toMatchObject({ MetricName: 'Reputation.BounceRate', Threshold: 0.04 });
    expect(alarm('ComplaintRate')).toMatchObject({ MetricName: 'Reputation.ComplaintRate', Threshold: 0.0008 });
  });

  it('begin with the first job in the dead-letter queue', () => {
    expect(alarm('DeadLetters')).toMatchObject({ Threshold: 1, EvaluationPeriods: 1 });
  });

  it('allow a job the longest delay and one redelivery; a bulk job four hours and the filling of a batch more', () => {
    expect(alarm('OldestJobtransactional').Threshold).toBe(900 + 6 * 60);
    expect(alarm('OldestJobbulk').Threshold).toBe(900 + 6 * 60 + 1 + 4 * 3600);
    expect(alarmsOf({ sendTimeoutSeconds: 300 }).OldestJobtransactional?.Threshold).toBe(900 + 6 * 300);
  });

  it('compare failed with sent emails over both queues, and ignore a few failures', () => {
    const failures = (failed: number, sent: number) =>
      evaluate('SendFailures', { failed_bulk: failed, sent_transactional: sent });
    expect(alarm('SendFailures').Threshold).toBe(5);
    expect(failures(5, 95)).toBe(5);
    expect(failures(5, 96)).toBeLessThan(5);
    expect(failures(4, 0)).toBe(0);
    expect(failures(7, 0)).toBe(100);
  });

  it('begin when half of the tries to send have failed for half an hour, and ignore a few', () => {
    const stalled = (retried: number, sent: number) =>
      evaluate('SendingStalled', { retried_bulk: retried, sent_transactional: sent });
    const { Metrics = [], ...settings } = alarm('SendingStalled');
    expect(settings).toMatchObject({ Threshold: 50, EvaluationPeriods: 2, DatapointsToAlarm: 2 });
    expect(new Set(Metrics.flatMap(({ Period, MetricStat }) => Period ?? MetricStat?.Period ?? []))).toEqual(
      new Set([900]),
    );
    expect(stalled(10, 10)).toBe(50);
    expect(stalled(10, 11)).toBeLessThan(50);
    expect(stalled(5, 0)).toBe(100);
    expect(stalled(4, 0)).toBe(0);
    expect(stalled(0, 100)).toBe(0);
  });

  it('begin when a broadcast has stood still for 15 minutes after its jobs were queued again', () => {
    expect(alarm('BroadcastStalled')).toMatchObject({
      MetricName: 'BroadcastStalled',
      Period: 300,
      Threshold: 1,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 3,
    });
  });

  it('begin when sending is held for a whole period by the quota or a pause', () => {
    expect(alarm('SendingPaused')).toMatchObject({
      Namespace: 'Sendoff',
      MetricName: 'SendingHeld',
      Dimensions: [{ Name: 'Deployment', Value: 'Shop/Mail' }],
      Statistic: 'Minimum',
      Period: 300,
      Threshold: 1,
      EvaluationPeriods: 1,
    });
  });

  it('read no more than about 30 metrics, as each costs $0.10 a month', () => {
    const metricsOf = (among: Record<string, Alarm>) =>
      Object.values(among).flatMap(({ Metrics = [{ Id: 'only', MetricStat: {} }] }) =>
        Metrics.filter(({ MetricStat }) => MetricStat),
      );
    for (const among of [alarms, alarmsOf({ backend: 'redis', redisSecret: 'upstash' })])
      expect(metricsOf(among).length).toBeLessThanOrEqual(32);
  });

  it('begin when Send events are late, long before the lease of a claim has ended', () => {
    expect(alarm('FeedbackDelay')).toMatchObject({
      MetricName: 'SendEventAge',
      Statistic: 'Maximum',
      Threshold: 30,
      Period: 60,
      EvaluationPeriods: 3,
      DatapointsToAlarm: 2,
    });
  });

  it('compare 5xx answers with all answers, and ignore a few', () => {
    expect(alarm('ApiErrors').Threshold).toBe(1);
    expect(evaluate('ApiErrors', { part: 5, all: 500 })).toBe(1);
    expect(evaluate('ApiErrors', { part: 4, all: 4 })).toBe(0);
  });

  it('name the option that gives the queue more concurrency', () => {
    expect(alarm('OldestJobtransactional').AlarmDescription).toContain('raise maxConcurrency or');
    expect(alarm('OldestJobbulk').AlarmDescription).toContain('raise bulkMaxConcurrency or');
    expect(alarm('OldestJobwebhook').AlarmDescription).toContain('raise webhookMaxConcurrency or');
    expect(alarm('OldestJobfeedback').AlarmDescription).toContain('raise feedbackMaxConcurrency or');
  });

  it.each(['FunctionErrors', 'FunctionThrottles'])(
    '%s watches every function, and ignores a single bad period',
    (name) => {
      const { Metrics = [], EvaluationPeriods, DatapointsToAlarm } = alarm(name);
      const functions = sendoffTemplate().template.findResources('AWS::Lambda::Function');
      const watched = JSON.stringify(Metrics.map(({ MetricStat }) => MetricStat?.Metric.Dimensions));
      for (const logicalId of Object.keys(functions)) expect(watched).toContain(logicalId);
      expect([DatapointsToAlarm, EvaluationPeriods]).toEqual([2, 3]);
    },
  );

  it('use metrics of this deployment only', () => {
    const { Metrics = [] } = alarm('SendingStalled');
    const dimensions = Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric.Dimensions ?? []);
    expect(dimensions).toContainEqual({ Name: 'Deployment', Value: 'Shop/Mail' });
  });
});

describe('the alarms with backend=redis', () => {
  const redis = alarmsOf({ backend: 'redis', redisSecret: 'upstash' });
  const ours = (metric: string, queue?: string) => ({
    Namespace: 'Sendoff',
    MetricName: metric,
    Dimensions: [{ Name: 'Deployment', Value: 'Shop/Mail' }, ...(queue ? [{ Name: 'Queue', Value: queue }] : [])],
  });

  it('have the same names and settings as with backend=aws', () => {
    expect(Object.keys(redis).sort()).toEqual(Object.keys(alarms).sort());
    for (const [name, { EvaluationPeriods, DatapointsToAlarm, TreatMissingData }] of Object.entries(alarms))
      expect(redis[name]).toMatchObject({ EvaluationPeriods, DatapointsToAlarm, TreatMissingData });
  });

  it('begin with the first dead letter, in Redis or in SQS, which has the events of SES', () => {
    const { Metrics = [], Threshold } = redis.DeadLetters ?? { Metrics: [], Threshold: 0 };
    expect(Threshold).toBe(1);
    expect(Metrics.map(({ MetricStat }) => MetricStat?.Metric.MetricName).filter(Boolean)).toEqual([
      'DeadLetters',
      'ApproximateNumberOfMessagesVisible',
    ]);
    expect(Metrics.map(({ MetricStat }) => MetricStat?.Metric)).toContainEqual(ours('DeadLetters'));
    expect(evaluate('DeadLetters', { part0: 2, part1: 1 }, redis)).toBe(3);
    expect(evaluate('DeadLetters', { part1: 1 }, redis)).toBe(1);
    expect(evaluate('DeadLetters', {}, redis)).toBe(0);
  });

  it.each([
    ['transactional', 900],
    ['bulk', 900 + 4 * 3600],
    ['webhook', 900],
    ['webhook-slow', 900 + 4 * 3600],
  ])('use the age of the oldest job in the %s queue that the watchdog publishes', (queue, seconds) => {
    expect(redis[`OldestJob${queue.replace('-', '')}`]).toMatchObject({
      ...ours('OldestJobAge', queue),
      Threshold: seconds,
      Statistic: 'Maximum',
    });
  });

  it('name maxConsumers, and no option without effect on Redis', () => {
    const text = Object.values(redis)
      .map(({ AlarmDescription }) => AlarmDescription)
      .join('\n');
    expect(text).not.toMatch(/(?<!feedbackM)axConcurrency|visibility timeout/);
    expect(redis.OldestJobbulk?.AlarmDescription).toContain('raise maxConsumers');
    expect(redis.FunctionThrottles?.AlarmDescription).toContain('lower maxConsumers');
    expect(redis.DeadLetters?.AlarmDescription).toContain('kept until you redrive or purge them');
  });

  it.each(Object.entries(redis))('%s says what it means and what to do', (_name, { AlarmDescription }) => {
    expect(AlarmDescription).toMatch(/\. Do: .{40,}/);
    expect(AlarmDescription.length).toBeLessThanOrEqual(1024);
  });
});

describe('the notifications of alarms', () => {
  const topicArn = 'arn:aws:sns:eu-west-1:123456789012:ops';

  it('go nowhere by default', () => {
    for (const { AlarmActions, OKActions } of Object.values(alarms))
      expect([AlarmActions, OKActions]).toEqual([undefined, undefined]);
  });

  it('go to the topic given, when an alarm begins and when it ends', () => {
    const notified = alarmsOf({ alarmTopicArn: topicArn });
    for (const { AlarmActions, OKActions } of Object.values(notified))
      expect([AlarmActions, OKActions]).toEqual([[topicArn], [topicArn]]);
    // The one topic is that of SES's events.
    sendoffTemplate({ alarmTopicArn: topicArn }).template.resourceCountIs('AWS::SNS::Topic', 1);
  });

  it('go to the address given, through a topic that CloudWatch may publish to', () => {
    const { template } = sendoffTemplate({ alarmEmail: 'ops@example.com' });
    template.hasResourceProperties('AWS::SNS::Subscription', { Protocol: 'email', Endpoint: 'ops@example.com' });
    const policies = Object.values(template.findResources('AWS::SNS::TopicPolicy'));
    expect(policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement)).toContainEqual(
      expect.objectContaining({
        Effect: 'Allow',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Action: 'sns:Publish',
        Condition: expect.objectContaining({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } }),
      }),
    );
  });

  it('do not exist without monitoring, nor do alarms and dashboard', () => {
    const { template } = sendoffTemplate({ monitoring: false });
    template.resourceCountIs('AWS::CloudWatch::Alarm', 0);
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
  });
});
