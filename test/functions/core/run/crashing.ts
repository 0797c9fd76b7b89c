import type { Backend } from '../../../../functions/core/ports/backend.ts';

/** Where a worker dies: at its n-th call of a port (from 0), before or after the call has its effect. */
export interface CrashPoint {
  readonly call: number;
  readonly moment: 'before' | 'after';
}

export interface CrashingPorts {
  readonly ports: Backend;
  /** The calls that were made, in order. */
  readonly calls: string[];
  readonly hasCrashed: () => boolean;
  /** The worker dies now. */
  readonly crash: () => void;
}

/** The ports of a worker that dies at a certain call: from then on no call of it has an effect. */
export function createCrashingPorts(backend: Backend, at: CrashPoint | undefined): CrashingPorts {
  const calls: string[] = [];
  let crashed = false;
  const die = (): never => {
    crashed = true;
    throw new Error('the worker has crashed');
  };
  const wrap = <A extends unknown[], R>(name: string, port: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      if (crashed) die();
      const call = calls.push(name) - 1;
      if (at?.call === call && at.moment === 'before') die();
      const result = await port(...args);
      if (at?.call === call && at.moment === 'after') die();
      return result;
    };
  };
  const { table, bodies, broker } = backend;
  const update = wrap('table.update', table.update) as Backend['table']['update'];
  const send = wrap('broker.send', broker.send);
  const ports: Backend = {
    ...backend,
    table: {
      ...table,
      get: wrap('table.get', table.get) as Backend['table']['get'],
      insert: wrap('table.insert', table.insert) as Backend['table']['insert'],
      update,
    },
    bodies: { ...bodies, get: wrap('bodies.get', bodies.get), put: wrap('bodies.put', bodies.put) },
    broker: { send },
    // As on AWS: two calls, between which the worker may die.
    updateAndSend: async (key, change, anyOf, job) => {
      const outcome = await update<never>(key, change, anyOf);
      if (outcome.applied) await send([job]);
      return outcome;
    },
  };
  return {
    ports,
    calls,
    hasCrashed: () => crashed,
    crash: () => {
      crashed = true;
    },
  };
}
