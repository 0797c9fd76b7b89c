import { setTimeout as sleep } from 'node:timers/promises';
import { plainTextOf } from '../adapters/mime/plain-text.ts';
import { listProperties } from '../core/audience/properties.ts';
import { recountBroadcast } from '../core/broadcast/counting/recount.ts';
import { createChunkGate } from '../core/broadcast/delivery/chunk-gate.ts';
import { deliver } from '../core/broadcast/delivery/deliver.ts';
import { fanOut } from '../core/broadcast/delivery/fan-out.ts';
import { guard } from '../core/broadcast/delivery/guard.ts';
import { createBroadcastReader } from '../core/broadcast/delivery/reader.ts';
import type { Broadcasts } from '../core/broadcast/tasks.ts';
import type { SendDependencies } from '../core/email/send/send.ts';
import { holdCause, type Sending } from '../core/pacing/sending-state.ts';
import type { Backend } from '../core/ports/backend.ts';
import { createBroadcastUnsubscribe } from '../core/suppression/unsubscribe-link.ts';
import { hasBroadcastFooter, optionalNumber, required, retentionMs } from './env.ts';

/**
 * The functions of the tasks of broadcasts, and their dependencies from the environment. In a file of its own, which is loaded when the
 * first of their jobs arrives.
 */
export function createBroadcasts(
  backend: Backend,
  send: Omit<SendDependencies, 'claims'> & { readonly sending: Sending },
): Broadcasts {
  const { table } = backend;
  const maxRate = optionalNumber('MAX_SEND_RATE') ?? Number.POSITIVE_INFINITY;
  const reader = createBroadcastReader({
    table,
    properties: () => listProperties(table),
    toText: plainTextOf,
    footer: hasBroadcastFooter(),
    now: Date.now,
  });
  return {
    fanOut,
    guard,
    deliver,
    recountBroadcast,
    dependencies: {
      ...send,
      backend,
      reader,
      gate: createChunkGate(Date.now, sleep),
      unsubscribe: createBroadcastUnsubscribe(table, required('PUBLIC_URL')),
      retentionMs: retentionMs(),
      pace: async () => {
        const state = await send.sending.refresh();
        return {
          ratePerSecond: Math.min(state.ratePerSecond, maxRate),
          held: holdCause(state, 'bulk', Date.now()) !== undefined,
        };
      },
    },
  };
}
