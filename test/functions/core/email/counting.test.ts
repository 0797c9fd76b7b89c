import { describe, expect, it } from 'vitest';
import { SendoffError, unavailable } from '../../../../functions/core/errors.ts';
import { handOverDue } from '../../../../functions/core/schedule/handover.ts';
import { requeueUnclaimed } from '../../../../functions/core/schedule/sweep.ts';
import { createSimulation } from '../../../helpers/sending-simulation.ts';
import { MINUTE_MS, run } from '../schedule/scheduling.ts';

const fail = (error: Error) => () => {
  throw error;
};

describe('the metrics of emails', () => {
  it('count each email once as accepted, then as sent with the time it took', async () => {
    const simulation = createSimulation();
    await simulation.accept();
    simulation.clock.nowMs += 1_500;
    await simulation.runUntilQuiet();
    expect(simulation.metrics.counted).toEqual([
      'accepted transactional',
      'sent transactional',
      '1500 ms transactional',
    ]);
  });

  it('do not count a request that was repeated with its key', async () => {
    const simulation = createSimulation();
    for (let count = 0; count < 3; count++) await simulation.accept({}, { idempotencyKey: 'once' });
    expect(simulation.metrics.counted).toEqual(['accepted transactional']);
  });

  it('count each retry, and an email that failed', async () => {
    const simulation = createSimulation();
    simulation.answers.push(
      fail(unavailable('Amazon SES throttled the sending')),
      fail(new SendoffError('validation_error', 422, 'Amazon SES refused the email')),
    );
    await simulation.accept({}, { queue: 'bulk' });
    await simulation.runUntilQuiet();
    expect(simulation.metrics.counted).toEqual(['accepted bulk', 'retried bulk', 'failed bulk']);
  });

  it('measure a scheduled email from the time it was due', async () => {
    const simulation = createSimulation();
    await simulation.accept({ scheduled_at: new Date(simulation.clock.nowMs + 20 * MINUTE_MS).toISOString() });
    simulation.clock.nowMs += 16 * MINUTE_MS;
    await handOverDue(run(simulation));
    await simulation.runUntilQuiet();
    expect(simulation.metrics.counted).toEqual([
      'accepted transactional',
      'handedOver transactional',
      'sent transactional',
      '0 ms transactional',
    ]);
  });

  it('count an email whose lost job was replaced', async () => {
    const simulation = createSimulation();
    await simulation.accept({}, { queue: 'bulk' });
    await simulation.backend.receive('bulk');
    simulation.clock.nowMs += 16 * MINUTE_MS;
    await requeueUnclaimed(run(simulation));
    expect(simulation.metrics.counted).toEqual(['accepted bulk', 'requeued bulk']);
  });
});

describe('a log line about a job', () => {
  it('has the id of its email when the job is tried again, failed, left for later, or not handled', async () => {
    const simulation = createSimulation();
    simulation.answers.push(
      fail(unavailable('Amazon SES throttled the sending')),
      fail(new Error('a bug')),
      fail(new SendoffError('validation_error', 422, 'Amazon SES refused the email')),
    );
    const id = await simulation.accept();
    await simulation.runUntilQuiet();
    expect(simulation.logged.map(({ message }) => message)).toEqual(
      expect.arrayContaining(['job will be tried again', 'job not handled', 'job failed']),
    );
    for (const { fields } of simulation.logged) expect(fields).toMatchObject({ emailId: id });
    for (const { fields } of simulation.logged) expect(fields).not.toHaveProperty('args');
  });

  it('has nothing of a job that cannot be parsed, which may hold anything', async () => {
    const simulation = createSimulation();
    const bodies = ['{"task":"email.send","args":{"to":"b@example.com"},"attempt":1}', 'b@example.com', '{"task":"x"}'];
    await simulation.work(bodies.map((body, index) => ({ id: String(index), body, queue: 'bulk' as const })));
    expect(simulation.logged).toHaveLength(3);
    for (const { fields } of simulation.logged) {
      expect(Object.keys(fields ?? {})).toEqual(['deliveryId', 'error']);
      expect(String(fields?.error)).not.toContain('example.com');
    }
  });
});
