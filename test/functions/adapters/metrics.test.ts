import { describe, expect, it } from 'vitest';
import {
  createMetrics,
  withMetrics,
  writeFeedbackCounts,
  writeQueueState,
  writeSendingState,
} from '../../../functions/adapters/metrics.ts';

const started = () => {
  const lines: string[] = [];
  const metrics = createMetrics(
    'Shop/Mail',
    (line) => void lines.push(line),
    () => 1_700_000_000_000,
  );
  return { metrics, lines, parsed: () => lines.map((line) => JSON.parse(line)) };
};

describe('metrics', () => {
  it('are one line in the embedded metric format, however much is counted', () => {
    const { metrics, lines, parsed } = started();
    for (let count = 0; count < 10; count++) {
      metrics.count('sent', 'bulk');
      metrics.sendLatency('bulk', 100.4 + count);
    }
    metrics.flush();
    expect(lines.map((line) => line.split('\n').length)).toEqual([2]);
    expect(parsed()).toEqual([
      {
        _aws: {
          Timestamp: 1_700_000_000_000,
          CloudWatchMetrics: [
            {
              Namespace: 'Sendoff',
              Dimensions: [['Deployment', 'Queue']],
              Metrics: [
                { Name: 'Sent', Unit: 'Count' },
                { Name: 'Failed', Unit: 'Count' },
                { Name: 'Retried', Unit: 'Count' },
                { Name: 'SendLatency', Unit: 'Milliseconds' },
              ],
            },
          ],
        },
        Deployment: 'Shop/Mail',
        Queue: 'bulk',
        Sent: 10,
        Failed: 0,
        Retried: 0,
        SendLatency: [100, 101, 102, 103, 104, 105, 106, 107, 108, 109],
      },
    ]);
  });

  it('have 0 for counts of sending without events, so that alarms can compare', () => {
    const { metrics, parsed } = started();
    metrics.count('retried', 'transactional', 3);
    metrics.flush();
    expect(parsed()).toMatchObject([{ Queue: 'transactional', Retried: 3, Sent: 0, Failed: 0 }]);
  });

  it('are a line for each queue', () => {
    const { metrics, parsed } = started();
    metrics.count('handedOver', 'transactional');
    metrics.count('handedOver', 'bulk', 2);
    metrics.flush();
    expect(parsed()).toMatchObject([
      { Queue: 'transactional', HandedOver: 1 },
      { Queue: 'bulk', HandedOver: 2 },
    ]);
  });

  it('have at most 100 values in a line, as CloudWatch allows', () => {
    const { metrics, parsed } = started();
    for (let count = 0; count < 250; count++) metrics.sendLatency('bulk', count);
    metrics.count('sent', 'bulk', 250);
    metrics.flush();
    expect(parsed().map(({ SendLatency, Sent }) => [SendLatency.length, Sent])).toEqual([
      [100, 250],
      [100, undefined],
      [50, undefined],
    ]);
    expect(parsed().flatMap(({ SendLatency }) => SendLatency)).toEqual(Array.from({ length: 250 }, (_, ms) => ms));
  });

  it('are written once, and not at all when nothing was counted', () => {
    const { metrics, lines } = started();
    metrics.flush();
    expect(lines).toEqual([]);
    metrics.count('accepted', 'bulk');
    metrics.flush();
    metrics.flush();
    expect(lines).toHaveLength(1);
  });

  it('have no negative times when a clock is behind', () => {
    const { metrics, parsed } = started();
    metrics.sendLatency('bulk', -5);
    metrics.flush();
    expect(parsed()).toMatchObject([{ SendLatency: [0] }]);
  });

  it('are written when the handler has ended, even by an error', async () => {
    const { metrics, lines } = started();
    const handler = withMetrics(metrics, async (fails: boolean) => {
      metrics.count('accepted', 'bulk');
      if (fails) throw new Error('no');
      return 'yes';
    });
    expect(await handler(false)).toBe('yes');
    expect(lines).toHaveLength(1);
    await expect(handler(true)).rejects.toThrow('no');
    expect(lines).toHaveLength(2);
  });
});

describe('the state of the queues', () => {
  const written = (state: Parameters<typeof writeQueueState>[1]) => {
    const lines: string[] = [];
    writeQueueState(
      'Shop/Mail',
      state,
      (line) => void lines.push(line),
      () => 1_700_000_000_000,
    );
    return lines.map((line) => JSON.parse(line));
  };

  it('has the number of dead letters, even 0, and nothing about empty queues', () => {
    expect(written({ deadLetters: 0 })).toEqual([
      {
        _aws: {
          Timestamp: 1_700_000_000_000,
          CloudWatchMetrics: [
            { Namespace: 'Sendoff', Dimensions: [['Deployment']], Metrics: [{ Name: 'DeadLetters', Unit: 'Count' }] },
          ],
        },
        Deployment: 'Shop/Mail',
        DeadLetters: 0,
      },
    ]);
  });

  it('has the number of jobs of each queue and the age of the oldest, in seconds as for SQS', () => {
    const queues = [{ queue: 'bulk', jobs: 7, oldestMs: 61_400 }] as const;
    const [, line] = written({ deadLetters: 2, queues });
    expect(line).toMatchObject({ Deployment: 'Shop/Mail', Queue: 'bulk', Jobs: 7, OldestJobAge: 61 });
    expect(line._aws.CloudWatchMetrics).toMatchObject([
      { Metrics: [{ Unit: 'Count' }, { Name: 'OldestJobAge', Unit: 'Seconds' }] },
    ]);
  });
});

describe('the state of sending', () => {
  const written = (more: Partial<Parameters<typeof writeSendingState>[1]> = {}) => {
    const lines: string[] = [];
    const state = { readAtMs: 0, ratePerSecond: 14, max24Hours: 50_000, sent24Hours: 1_234, ...more };
    writeSendingState(
      'Shop/Mail',
      state,
      (line) => void lines.push(line),
      () => 1_700_000_000_000,
    );
    return lines.map((line) => JSON.parse(line));
  };

  it('is one line with two metrics, and with the rate as a mere property', () => {
    expect(written()).toEqual([
      {
        _aws: {
          Timestamp: 1_700_000_000_000,
          CloudWatchMetrics: [
            {
              Namespace: 'Sendoff',
              Dimensions: [['Deployment']],
              Metrics: [
                { Name: 'SendingHeld', Unit: 'Count' },
                { Name: 'SendQuotaUsed', Unit: 'Percent' },
              ],
            },
          ],
        },
        Deployment: 'Shop/Mail',
        SendingHeld: 0,
        SendQuotaUsed: 2.5,
        ratePerSecond: 14,
      },
    ]);
  });

  it('is 1 while nothing is sent, and has no share of a quota that does not exist', () => {
    expect(written({ held: 'paused', max24Hours: -1 })).toMatchObject([{ SendingHeld: 1 }]);
    expect(written({ max24Hours: -1 })[0]).not.toHaveProperty('SendQuotaUsed');
  });
});

describe('the counts of what SES reports', () => {
  it('are one line by deployment, of what there was', () => {
    const lines: string[] = [];
    const write = (counts: Parameters<typeof writeFeedbackCounts>[1]) =>
      writeFeedbackCounts('Shop/Mail', counts, (line) => void lines.push(line));
    write({ delivered: 0, bounced: 0, complained: 0 });
    write({ delivered: 3, bounced: 0, complained: 1 });
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        _aws: {
          CloudWatchMetrics: [
            { Dimensions: [['Deployment']], Metrics: [{ Name: 'Delivered' }, { Name: 'Complained' }] },
          ],
        },
        ...{ Deployment: 'Shop/Mail', Delivered: 3, Complained: 1 },
      },
    ]);
  });
});
