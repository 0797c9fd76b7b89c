import { setTimeout as sleep } from 'node:timers/promises';
import { createSesMailer } from '../adapters/aws/ses-mailer.ts';
import { fetchFile } from '../adapters/http/fetch-file.ts';
import { composeMime } from '../adapters/mime/compose.ts';
import type { MemberWrites } from '../core/audience/membership.ts';
import { optedOut } from '../core/audience/opted-out.ts';
import type { BroadcastDependencies, Broadcasts } from '../core/broadcast/tasks.ts';
import { createWriters } from '../core/document/writers.ts';
import { createMemoryBudget } from '../core/email/send/memory-budget.ts';
import type { SendDependencies } from '../core/email/send/send.ts';
import { once } from '../core/once.ts';
import { createPacer } from '../core/pacing/pacer.ts';
import type { Sending } from '../core/pacing/sending-state.ts';
import { createSlotClock } from '../core/pacing/slot-clock.ts';
import type { Backend } from '../core/ports/backend.ts';
import type { Logger, Metrics } from '../core/ports/telemetry.ts';
import { createOutgoingHeaders } from '../core/suppression/unsubscribe-link.ts';
import { createPublish } from '../core/webhook/dispatch.ts';
import { required, requiredNumber } from './env.ts';
import { sendingFromEnvironment } from './sending.ts';

export interface SendOptions {
  readonly metrics: Metrics;
  readonly log: Logger;
  /** The age of the stored quotas, in ms, at which this function asks SES itself. */
  readonly staleMs?: number;
}

const HOUR_MS = 3_600_000;

/** The dependencies of sending emails, from the environment. How long claims live depends on the function, which adds them. */
export function sendDependencies(
  backend: Backend,
  { metrics, log, staleMs }: SendOptions,
): Omit<SendDependencies, 'claims'> &
  BroadcastDependencies &
  Pick<Backend, 'updateAndSend'> &
  MemberWrites & { readonly sending: Sending } {
  const { table } = backend;
  const outgoingHeaders = createOutgoingHeaders(table, required('PUBLIC_URL'));
  const sending = sendingFromEnvironment({ table, log, ...(staleMs === undefined ? {} : { staleMs }) });
  const dependencies = {
    ...backend,
    asWriter: createWriters(Date.now),
    mailer: createSesMailer(required('CONFIGURATION_SET')),
    sending,
    pacer: createPacer({
      clock: createSlotClock(table, 'ses', Date.now),
      rate: sending.rate,
      now: Date.now,
      random: Math.random,
      wait: sleep,
    }),
    giveUpAfterMs: requiredNumber('GIVE_UP_AFTER_HOURS') * HOUR_MS,
    compose: async (record, body, fetchMs, onSize) =>
      composeMime(
        record,
        { ...body, headers: await outgoingHeaders(record, body.headers) },
        fetchFile,
        fetchMs,
        onSize,
      ),
    // Lambda sets the variable.
    memory: createMemoryBudget(requiredNumber('AWS_LAMBDA_FUNCTION_MEMORY_SIZE')),
    publish: createPublish(backend, Date.now),
    optedOut: (topicId, addresses) => optedOut(table, topicId, addresses),
    metrics,
  } satisfies Omit<SendDependencies, 'claims'> & MemberWrites;
  const broadcasts = once<Broadcasts>(async () => {
    const { createBroadcasts } = await import('./broadcast-dependencies.ts');
    return createBroadcasts(backend, dependencies);
  });
  return { ...dependencies, broadcasts };
}
