import { describe, expect, it } from 'vitest';
import { createWriters } from '../../../../../functions/core/document/writers.ts';
import { SendoffError } from '../../../../../functions/core/errors.ts';
import type { WebhookEvent } from '../../../../../functions/core/event.ts';
import { processFeedback } from '../../../../../functions/core/feedback/feedback.ts';
import { suppress } from '../../../../../functions/core/suppression/suppression.ts';
import { createPublish } from '../../../../../functions/core/webhook/dispatch.ts';
import { createWebhook } from '../../../../../functions/core/webhook/registry.ts';
import {
  crashingAt,
  createSimulation,
  type Simulation,
  type WorkerPorts,
} from '../../../../helpers/sending-simulation.ts';
import { sesEvents } from '../../feedback/ses-events.ts';

const refuse = () => {
  throw new SendoffError('validation_error', 422, 'Amazon SES refused the email: Email address is not verified');
};

/** A simulation with one webhook; the jobs on its queue are the published events. */
async function setUp() {
  const simulation = createSimulation();
  const { table } = simulation.backend;
  await createWebhook(table, { id: 'hook', endpoint: 'https://h.example.com', events: [], nowMs: 0 });
  const publishing = (ports: WorkerPorts): WorkerPorts => ({
    ...ports,
    publish: createPublish(ports, () => simulation.clock.nowMs),
  });
  const published = () =>
    simulation.backend
      .waiting()
      .filter(({ queue }) => queue === 'webhook')
      .map(({ job }) => (job.args as { event: WebhookEvent }).event);
  const silence = async () => {};
  const block = (...emails: string[]) =>
    suppress(
      table,
      silence,
      emails.map((email) => ({ email, origin: 'bounce', atMs: 0 })),
    );
  return { ...simulation, publishing, published, block };
}

const runTo = ({ runUntilQuiet, ports }: Simulation, publishing: (ports: WorkerPorts) => WorkerPorts) =>
  runUntilQuiet(() => publishing(ports));

describe('an email whose worker crashes at any of its calls', () => {
  const places = Array.from({ length: 6 }, (_, index) => index + 1);

  it.each(places.flatMap((place) => [[place, 'before'] as const, [place, 'after'] as const]))(
    'is sent once when SES publishes its Send event (call %i, %s it takes effect)',
    async (place, when) => {
      const simulation = createSimulation();
      const { table } = simulation.backend;
      const log = { info: () => {}, warn: () => {}, error: () => {} };
      const mailer: WorkerPorts['mailer'] = {
        send: async (message) => {
          const messageId = await simulation.ports.mailer.send(message);
          const body = sesEvents.send({ emailId: message.emailId, messageId });
          expect(
            await processFeedback([{ id: 'n', body }], {
              table,
              asWriter: createWriters(() => 0),
              publish: async () => {},
              log,
              now: () => 0,
              retentionMs: 86_400_000,
            }),
          ).toEqual([]);
          return messageId;
        },
      };
      const id = await simulation.accept();
      const { ports: mortal } = crashingAt({ ...simulation.ports, mailer }, place, when);
      let first = true;
      await simulation.runUntilQuiet(() => {
        const ports = first ? mortal : { ...simulation.ports, mailer };
        first = false;
        return ports;
      });
      expect(simulation.sent).toHaveLength(1);
      expect((await simulation.record(id)).status).toBe('sent');
    },
  );
});

describe('a suppressed recipient', () => {
  it('is left out of the envelope, named in the timeline, and published', async () => {
    const simulation = await setUp();
    await simulation.block('c@example.com', 'd@example.com');
    const id = await simulation.accept({ cc: 'C <C@example.com>', bcc: ['d@example.com', 'e@example.com'] });
    await runTo(simulation, simulation.publishing);
    expect(simulation.sent[0]?.destinations).toEqual(['b@example.com', 'e@example.com']);
    const { status, timeline } = await simulation.record(id);
    expect(status).toBe('sent');
    expect(timeline.filter(({ event }) => event === 'suppressed').map(({ recipient }) => recipient)).toEqual([
      'c@example.com',
      'd@example.com',
    ]);
    expect(simulation.published().map(({ type, recipient }) => [type, recipient])).toEqual([
      ['email.suppressed', 'c@example.com'],
      ['email.suppressed', 'd@example.com'],
    ]);
  });

  it('ends the email as suppressed if there is no other, without a call of SES', async () => {
    const simulation = await setUp();
    await simulation.block('b@example.com');
    const id = await simulation.accept();
    await runTo(simulation, simulation.publishing);
    expect(simulation.sent).toEqual([]);
    expect((await simulation.record(id)).status).toBe('suppressed');
    expect(simulation.deadLetters).toEqual([]);
  });

  it('gets one message when it is named twice', async () => {
    const simulation = await setUp();
    await simulation.accept({ cc: 'B <B@Example.com>' });
    await runTo(simulation, simulation.publishing);
    expect(simulation.sent[0]?.destinations).toHaveLength(1);
  });
});

describe.each([
  [
    'refused by SES',
    'email.failed',
    'failed',
    async (simulation: Simulation) => void simulation.answers.push(refuse, refuse),
  ],
  [
    'all suppressed',
    'email.suppressed',
    'suppressed',
    async (simulation: Awaited<ReturnType<typeof setUp>>) => void (await simulation.block('b@example.com')),
  ],
] as const)('an email that is %s', (_how, type, status, prepare) => {
  const places = Array.from({ length: 12 }, (_, index) => index + 1);

  it.each(places.flatMap((place) => [[place, 'before'] as const, [place, 'after'] as const]))(
    'is published with one id although its worker crashes at its call %i (%s it takes effect)',
    async (place, when) => {
      const simulation = await setUp();
      await prepare(simulation);
      const id = await simulation.accept();
      const { ports: mortal } = crashingAt(simulation.ports, place, when);
      let first = true;
      await simulation.runUntilQuiet(() => {
        const ports = first ? mortal : simulation.ports;
        first = false;
        return simulation.publishing(ports);
      });
      expect((await simulation.record(id)).status).toBe(status);
      const published = simulation.published().filter((event) => event.type === type);
      expect(published.length).toBeGreaterThan(0);
      expect(new Set(published.map(({ eventId }) => eventId)).size).toBe(1);
      expect(simulation.sent).toEqual([]);
    },
  );
});
