import { newId } from '../ids.ts';
import type { Document } from '../ports/table.ts';

/**
 * The writer of an addition to a document, and the addition's number: the document notes the last number of each writer, and refuses it
 * when the client repeats a write whose answer was lost.
 */
export interface Writer {
  readonly id: string;
  /** Greater with each addition. About the time in epoch ms, from which follows which writers are no longer at work. */
  readonly sequence: number;
}

/** Calls `write` as a writer that nobody else is meanwhile. */
export type AsWriter = <T>(write: (writer: Writer) => Promise<T>) => Promise<T>;

/** A writer that has been idle for so long is not used again. */
const IDLE_MS = 5 * 60_000;
/** Its number is forgotten after this time: no function runs longer. */
const FORGOTTEN_MS = IDLE_MS + 15 * 60_000;
const FIELD = /^writer-/;

/** Makes the writers of a process: one for each write that is under way at the same time. */
export function createWriters(now: () => number): AsWriter {
  const idle: Writer[] = [];
  return async (write) => {
    const nowMs = now();
    const last = idle.pop();
    const known = last && nowMs - last.sequence < IDLE_MS ? last : { id: newId().slice(0, 8), sequence: 0 };
    const writer = { ...known, sequence: Math.max(known.sequence + 1, nowMs) };
    try {
      return await write(writer);
    } finally {
      idle.push(writer);
    }
  };
}

/** The field of a document with a writer's last number. */
export const writerField = ({ id }: Writer): string => `writer-${id}`;

/** The fields of writers that are no longer at work. */
export const idleWriters = (document: Document, { sequence }: Writer): string[] =>
  Object.keys(document).filter((name) => FIELD.test(name) && Number(document[name]) < sequence - FORGOTTEN_MS);
