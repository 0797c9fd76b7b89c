/** Thrown by every port of a crashed process. */
export class Crash extends Error {
  override readonly name = 'Crash';
}

export interface Mortality {
  /** Gets the name of each call, such as `table.get`. */
  readonly calls: string[];
  /** Asked before and after each call takes effect: true kills the process there. `number` is the call's place in `calls`, from 1. */
  readonly isKilled: (call: string, when: 'before' | 'after', number: number) => boolean;
  readonly onKill?: () => void;
}

/** Makes the guard for the ports of one process: after a kill none of its calls has an effect. */
export function createMortalPorts({ calls, isKilled, onKill }: Mortality) {
  const state = { crashed: false };
  const kill = (): never => {
    if (!state.crashed) onKill?.();
    state.crashed = true;
    throw new Crash();
  };
  const guard = <T extends object>(name: string, port: T): T =>
    new Proxy(port, {
      get: (target, property, receiver) => {
        const method = Reflect.get(target, property, receiver);
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          if (state.crashed) throw new Crash();
          const call = `${name}.${String(property)}`;
          const number = calls.push(call);
          if (isKilled(call, 'before', number)) kill();
          const [outcome] = await Promise.allSettled([method.apply(target, args)]);
          if (state.crashed || isKilled(call, 'after', number)) kill();
          if (outcome.status === 'rejected') throw outcome.reason;
          return outcome.value;
        };
      },
    });
  return { guard, state };
}
