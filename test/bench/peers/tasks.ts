import { task } from '../../../functions/tasks/tasks.ts';

/** In the output of a run that has ended: the local cloud shows each line. */
export const ENDED = 'peers: a run has ended';

export const empty = task('peers.empty', {}, () => console.log(ENDED));
export const unkept = task('peers.unkept', { keep: false }, () => console.log(ENDED));
export const sleep = task('peers.sleep', {}, async () => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  console.log(ENDED);
});
