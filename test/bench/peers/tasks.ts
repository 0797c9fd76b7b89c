import { task } from '../../../functions/tasks/tasks.ts';

/** In the output of a function after this many of its runs have ended: the local cloud shows each line. */
export const ENDED = /peers: (\d+) runs have ended/;

let ended = 0;

/** Counts a run. Those that end in one turn of the event loop share a line: BullMQ's worker, which is measured too, writes none. */
function end(): void {
  if (ended++ > 0) return;
  setImmediate(() => {
    console.log(`peers: ${ended} runs have ended`);
    ended = 0;
  });
}

export const empty = task('peers.empty', {}, end);
export const unkept = task('peers.unkept', { keep: false }, end);
export const sleep = task('peers.sleep', {}, async () => {
  await new Promise((resolve) => setTimeout(resolve, 100));
  end();
});
