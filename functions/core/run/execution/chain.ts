import { derivedId } from '../../ids.ts';
import { type AcceptDependencies, acceptRun } from '../accept/accept.ts';
import type { EndedRun } from '../run.ts';

/** The run that follows this one in a chain has this id. */
export const nextRunId = (run: string): string => derivedId('chain', run);

/** Makes the next run of a chain, with the result of this one; however often it is called, there is one. */
export const createStartNext =
  (dependencies: AcceptDependencies) =>
  async ({ id, then = [], result, keyId }: EndedRun): Promise<void> => {
    const [next, ...rest] = then;
    if (!next) return;
    const { task: name, args, priority, keepDays } = next;
    await acceptRun(
      {
        task: { name, priority, keep: true, keepDays },
        ...(args === '' ? {} : { argsJson: args }),
        id: nextRunId(id),
        // biome-ignore lint/suspicious/noThenProperty: the name of a field; nothing awaits the request
        ...(rest.length > 0 ? { then: rest } : {}),
        previous: result,
        keyId,
      },
      dependencies,
    );
  };
