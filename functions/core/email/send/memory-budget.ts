import { Postponed, type Run } from '../../task/task.ts';
import { type Body, NOTED_BYTES } from '../body.ts';
import type { EmailRecord } from '../record.ts';

/** Keeps the emails that a process works on at the same time within its memory. */
export interface MemoryBudget {
  /**
   * Waits for memory for an email whose message has about so many bytes, until `untilMs` (epoch ms). Emails of up to 32 KB never
   * wait, and those of up to 1 MB only for others of up to 1 MB. In each of the two groups the first to come is the first served,
   * and one email runs always, however large.
   *
   * @throws Postponed when many wait already, or there is not enough memory in time.
   */
  acquire(bytes: number, untilMs: number): Promise<Room>;
}

/** The memory of one email. */
export interface Room {
  /** Gives a part of it back: the message has only about so many bytes. */
  shrinkTo(bytes: number): void;
  release(): void;
}

/** Measured (docs/memory.md): 80 MB without emails, up to 110 MB on Lambda, and 120 MB that are not returned to the system at once. */
const BASE_MB = 230;
/** Memory for each byte of a message: stored, unpacked, parsed, composed and in the request to SES. */
const FACTOR = 9;
const SMALL_BYTES = 1_000_000;
/** The share of the memory for emails that only those of up to 1 MB may use. */
const SMALL_SHARE = 0.25;
/** More would take places among the emails in flight from others that need not wait. */
const MOST_WAITING = 20;
const LEAST_DELAY_SECONDS = 5;
const MORE_DELAY_SECONDS = 15;

/** Makes the budget of a process with so many MB. */
export function createMemoryBudget(
  memoryMb: number,
  now: () => number = Date.now,
  random: () => number = Math.random,
): MemoryBudget {
  const limit = Math.max(0, memoryMb - BASE_MB) * 2 ** 20;
  const small = createShare(limit * SMALL_SHARE);
  const large = createShare(limit * (1 - SMALL_SHARE));
  return {
    acquire: async (bytes, untilMs) => {
      if (bytes <= NOTED_BYTES) return { shrinkTo: () => {}, release: () => {} };
      const room = await (bytes <= SMALL_BYTES ? small : large)(bytes * FACTOR, untilMs - now());
      if (!room)
        throw new Postponed('other large emails take the memory', LEAST_DELAY_SECONDS + random() * MORE_DELAY_SECONDS);
      return room;
    },
  };
}

interface Waiting {
  readonly need: number;
  readonly begin: () => void;
}

/** A part of the memory, given to those who wait in their order; answers undefined when there is none in time. */
function createShare(limit: number) {
  const waiting: Waiting[] = [];
  let used = 0;
  const admit = () => {
    for (let first = waiting[0]; first && (used === 0 || used + first.need <= limit); first = waiting[0]) {
      waiting.shift();
      used += first.need;
      first.begin();
    }
  };
  const room = (need: number): Room => {
    let held = need;
    const hold = (wanted: number) => {
      if (wanted >= held) return;
      used -= held - wanted;
      held = wanted;
      admit();
    };
    return { shrinkTo: (bytes) => hold(bytes * FACTOR), release: () => hold(0) };
  };
  return (need: number, waitMs: number): Promise<Room | undefined> =>
    new Promise((resolve) => {
      if (waiting.length >= MOST_WAITING) return resolve(undefined);
      const giveUp = () => {
        waiting.splice(waiting.indexOf(one), 1);
        resolve(undefined);
        // A smaller one may have waited behind it.
        admit();
      };
      let timer: NodeJS.Timeout | undefined;
      const one: Waiting = {
        need,
        begin: () => {
          clearTimeout(timer);
          resolve(room(need));
        },
      };
      waiting.push(one);
      admit();
      if (waiting.includes(one)) timer = setTimeout(giveUp, Math.max(0, waitMs));
    });
}

/** Writes the MIME message of an email. Calls `onSize` with about its size (bytes) when all attachments are there. */
export type Compose = (
  record: EmailRecord,
  body: Body,
  fetchMs: number,
  onSize?: (bytes: number) => void,
) => Promise<Uint8Array>;

interface Composing {
  readonly compose: Compose;
  /** Absent: no limit. */
  readonly memory?: MemoryBudget;
}

/**
 * Makes a task wait for memory before it claims its email and reads the body; at most for half of the time that is left, as the send
 * takes a while. A job without `bytes` is about a small email.
 */
export function withMemory<Args extends { readonly bytes?: number | undefined }, Dependencies extends Composing>(
  send: (args: Args, run: Run, dependencies: Dependencies) => Promise<void>,
): typeof send {
  return async (args, run, dependencies) => {
    const { memory, compose } = dependencies;
    if (!memory || args.bytes === undefined) return send(args, run, dependencies);
    const room = await memory.acquire(args.bytes, (run.now() + run.stopsAtMs) / 2);
    const composeInRoom: Compose = (record, body, fetchMs) => compose(record, body, fetchMs, room.shrinkTo);
    try {
      await send(args, run, { ...dependencies, compose: composeInRoom });
    } finally {
      room.release();
    }
  };
}
