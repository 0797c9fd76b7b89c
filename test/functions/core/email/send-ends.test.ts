import { describe, expect, it } from 'vitest';
import { SendoffError } from '../../../../functions/core/errors.ts';
import type { WebhookEvent } from '../../../../functions/core/event.ts';
import { processFeedback } from '../../../../functions/core/feedback/feedback.ts';
import { suppress } from '../../../../functions/core/suppression/suppression.ts';
import { createPublish } from '../../../../functions/core/webhook/dispatch.ts';
import { createWebhook } from '../../../../functions/core/webhook/registry.ts';
import {
  crashingAt,
  createSimulation,
  type Simulation,
  type WorkerPorts,
} from '../../../helpers/sending-simulation.ts';
import { sesEvents } from '../feedback/ses-events.ts';

const refuse = () => {
  throw new SendoffError('validation_error', 422, 'Amazon SES refused the email: Email address is not verified');
};

/** A simulation with one webhook; what it is to be told are the jobs on its queue. */
async function setUp() {
  const simulation = createSimulation();
  const { table } = simulation.backend;
  await createWebhook(table, { id: 'hook', endpoint: 'https://h.example.com', events: [], nowMs: 0 });
  const telling = (ports: WorkerPorts): WorkerPorts => ({
    ...ports,
    publish: createPublish(ports, () => simulation.clock.nowMs),
  });
  const told = () =>
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
  return { ...simulation, telling, told, block };
}

const runTo = ({ runUntilQuiet, ports }: Simulation, telling: (ports: WorkerPorts) => WorkerPorts) =>
  runUntilQuiet(() => telling(ports));

describe('an email whose worker dies at any of its calls', () => {
  const places = Array.from({ length: 6 }, (_, index) => index + 1);

  it.each(places.flatMap((place) => [[place, 'before'] as const, [place, 'after'] as const]))(
    'is sent once when SES tells of what it took (call %i, %s it has effect)',
    async (place, when) => {
      const simulation = createSimulation();
      const { table } = simulation.backend;
      const log = { info: () => {}, warn: () => {}, error: () => {} };
      const mailer: WorkerPorts['mailer'] = {
        send: async (message) => {
          const messageId = await simulation.ports.mailer.send(message);
          const body = sesEvents.send({ emailId: message.emailId, messageId });
          expect(await processFeedback([{ id: 'n', body }], { table, publish: async () => {}, log })).toEqual([]);
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
  it('is left out of the envelope, in the timeline by name, and told of', async () => {
    const simulation = await setUp();
    await simulation.block('c@example.com', 'd@example.com');
    const id = await simulation.accept({ cc: 'C <C@example.com>', bcc: ['d@example.com', 'e@example.com'] });
    await runTo(simulation, simulation.telling);
    expect(simulation.sent[0]?.destinations).toEqual(['b@example.com', 'e@example.com']);
    const { status, timeline } = await simulation.record(id);
    expect(status).toBe('sent');
    expect(timeline.filter(({ event }) => event === 'suppressed').map(({ recipient }) => recipient)).toEqual([
      'c@example.com',
      'd@example.com',
    ]);
    expect(simulation.told().map(({ type, recipient }) => [type, recipient])).toEqual([
      ['email.suppressed', 'c@example.com'],
      ['email.suppressed', 'd@example.com'],
    ]);
  });

  it('who is the only one ends the email as suppressed, and SES is not asked', async () => {
    const simulation = await setUp();
    await simulation.block('b@example.com');
    const id = await simulation.accept();
    await runTo(simulation, simulation.telling);
    expect(simulation.sent).toEqual([]);
    expect((await simulation.record(id)).status).toBe('suppressed');
    expect(simulation.deadLetters).toEqual([]);
  });

  it('gets one message though named twice', async () => {
    const simulation = await setUp();
    await simulation.accept({ cc: 'B <B@Example.com>' });
    await runTo(simulation, simulation.telling);
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
    'is told of, under one id, though its worker dies at its call %i (%s it has effect)',
    async (place, when) => {
      const simulation = await setUp();
      await prepare(simulation);
      const id = await simulation.accept();
      const { ports: mortal } = crashingAt(simulation.ports, place, when);
      let first = true;
      await simulation.runUntilQuiet(() => {
        const ports = first ? mortal : simulation.ports;
        first = false;
        return simulation.telling(ports);
      });
      expect((await simulation.record(id)).status).toBe(status);
      const told = simulation.told().filter((event) => event.type === type);
      expect(told.length).toBeGreaterThan(0);
      expect(new Set(told.map(({ eventId }) => eventId)).size).toBe(1);
      expect(simulation.sent).toEqual([]);
    },
  );
});
