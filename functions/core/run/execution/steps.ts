import { sha256 } from '../../ids.ts';
import type { Backend } from '../../ports/backend.ts';
import type { RunContext } from '../definition/definition.ts';
import { type RunRecord, runBodyKey, STEP } from '../run.ts';
import { RunFault } from '../run-error.ts';
import { readText, toStore } from '../stored-json.ts';
import { changeHeld } from '../transitions.ts';
import type { Control } from './perform.ts';

export interface Steps extends Pick<RunContext, 'step' | 'stepKey'> {
  /** The fields of all steps on the record. */
  readonly fields: () => string[];
}

/** A record holds 400 KB, and each step rewrites it. */
const MOST_STEPS = 500;
const INLINE_BYTES = 1024;
const MOST_INLINE_BYTES = 64 * 1024;
/** The most that a result or the value of a step may have as JSON. */
export const MOST_RESULT_BYTES = 1024 * 1024;
const MOST_NAME = 100;

const fieldOf = (key: string): `step:${string}` => `${STEP}${key}`;

/** JSON text of a value; empty for undefined. @throws RunFault if it cannot be kept. */
export function toJson(what: string, value: unknown): string {
  let json: string | undefined;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    const why = error instanceof Error ? error.message.split('\n')[0] : String(error);
    throw new RunFault('result_not_json', `${what} cannot be written as JSON: ${why}`, { isFinal: true });
  }
  if (json === undefined) return '';
  if (Buffer.byteLength(json) <= MOST_RESULT_BYTES) return json;
  const kilobytes = Math.ceil(Buffer.byteLength(json) / 1024);
  throw new RunFault('result_too_large', `${what} has ${kilobytes} KB of JSON; the most is 1,024.`, { isFinal: true });
}

/** Counts the steps of each name: the second call of one name is another step. */
function createStepKeys({ id, continued }: Pick<RunRecord, 'id' | 'continued'>) {
  const counts = new Map<string, number>();
  const prefix = continued ? `${id}~${continued}` : id;
  const keyOf = (name: string, count: number) => (count === 1 ? name : `${name}#${count}`);
  return {
    next: (name: string): string => {
      if (typeof name !== 'string' || name.length < 1 || name.length > MOST_NAME)
        throw new TypeError(`The name of a step has 1 to ${MOST_NAME} characters`);
      const count = (counts.get(name) ?? 0) + 1;
      counts.set(name, count);
      return keyOf(name, count);
    },
    peek: (name: string) => `${prefix}:${keyOf(name, (counts.get(name) ?? 0) + 1)}`,
    external: (key: string) => `${prefix}:${key}`,
  };
}

/** The steps of a kept run: each result is written to its record before the function goes on. */
export function createSteps(
  run: RunRecord,
  control: Control,
  { table, bodies }: Pick<Backend, 'table' | 'bodies'>,
  expiresAtMs: number,
): Steps {
  const keys = createStepKeys(run);
  const known = new Map<string, string | { readonly body: string }>();
  for (const name of Object.keys(run)) if (isStep(name)) known.set(name, run[name] ?? '');
  let inlineBytes = [...known.values()].reduce((sum, value) => sum + JSON.stringify(value).length, 0);

  const keep = async (key: string, json: string) => {
    const part = `step/${run.continued ?? 0}-${sha256(key).slice(0, 16)}`;
    const room = inlineBytes < MOST_INLINE_BYTES ? INLINE_BYTES : 0;
    const { stored, body } = toStore(json, run.id, part, room);
    if (body) await bodies.put(body.key, body.bytes, expiresAtMs);
    const value = 'json' in stored ? stored.json : { body: runBodyKey(run.id, part) };
    inlineBytes += json.length;
    control.assertOpen();
    const held = await changeHeld(table, run, { [fieldOf(key)]: value });
    if (!held) control.lose();
    control.assertOpen();
    known.set(fieldOf(key), value);
  };

  return {
    fields: () => [...known.keys()],
    stepKey: keys.peek,
    async step(name, fn) {
      control.assertOpen();
      const key = keys.next(name);
      const kept = known.get(fieldOf(key));
      if (kept !== undefined) {
        const json = typeof kept === 'string' ? kept : await readText(kept, bodies);
        if (json !== undefined) return json === '' ? undefined : JSON.parse(json);
      }
      if (known.size >= MOST_STEPS)
        throw new RunFault('too_many_steps', `A run has at most ${MOST_STEPS} steps; use run.continue().`, {
          isFinal: true,
        });
      const value = await fn({ key: keys.external(key) });
      await keep(key, toJson(`The result of the step ${JSON.stringify(name)}`, value));
      return value;
    },
  };
}

const isStep = (name: string): name is `step:${string}` => name.startsWith(STEP);

/** The steps of a run that is not kept: each is just called. */
export function createPlainSteps(run: Pick<RunRecord, 'id'>, control: Control): Steps {
  const keys = createStepKeys(run);
  return {
    fields: () => [],
    stepKey: keys.peek,
    async step(name, fn) {
      control.assertOpen();
      return fn({ key: keys.external(keys.next(name)) });
    },
  };
}
