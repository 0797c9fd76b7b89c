import { count } from '../../wording.ts';
import type { StateCheck } from './finding.ts';

/** Are there jobs that no worker could handle? */
export const deadLetters: StateCheck = {
  name: 'dead letters',
  examine: async ({ depths }) => {
    const { waiting = 0, running = 0 } = (await depths()).find(({ queue }) => queue === 'dead letters') ?? {};
    const total = waiting + running;
    if (total === 0) return [{ check: 'dead letters', level: 'ok', text: 'none' }];
    return [
      {
        check: 'dead letters',
        level: 'problem',
        text: `${count(total, 'job')} that no worker could handle`,
        advice: 'sendoff dead-letters list; when the cause is fixed: sendoff dead-letters redrive --all',
      },
    ];
  },
};
