/**
 * `npm run test:permissions`: runs the service on the local cloud once for each grant (one action on one resource of one
 * role), without that grant. Fails if everything works without it: then it is not needed, or not tested.
 * `npm run test:permissions -- redis` does so with one backend.
 */
import { findRedisServer } from '../../lib/local/cloud/upstash/redis-server.ts';
import { synthesize } from '../../lib/synth.ts';
import { type Grant, grantsIn } from './grants.ts';
import { type Config, type Outcome, runWithout } from './mutate.ts';
import { PROVING_TASKS } from './own-tasks.ts';

/** Clouds that run at the same time: each keeps a core busy. */
const LANES = 2;

const startedAtMs = Date.now();
const [only] = process.argv.slice(2);
const all: Config[] = [{ backend: 'aws', tracking: 'true', tasks: PROVING_TASKS }];
if (findRedisServer()) all.push({ backend: 'redis', redisSecret: 'local', tasks: PROVING_TASKS });
else console.info('backend=redis is skipped: there is no redis-server');
const configs = all.filter(({ backend }) => only === undefined || backend === only);

async function runAll(config: Config): Promise<Outcome[]> {
  const synthesis = synthesize(config);
  const waiting = grantsIn(synthesis);
  const outcomes: Outcome[] = [];
  const lane = async () => {
    for (let grant = waiting.shift(); grant; grant = waiting.shift()) {
      const outcome = await runWithout({ ...synthesis, config }, grant);
      outcomes.push(outcome);
      console.info(line(outcome));
    }
  };
  console.info(`\nbackend=${config.backend}`);
  await Promise.all(Array.from({ length: LANES }, lane));
  return outcomes;
}

function line({ grant, brokenStep }: Outcome): string {
  return `${brokenStep ? 'missed' : 'NOT MISSED'}  ${nameOf(grant)}  ${brokenStep ? `while ${brokenStep}` : 'everything worked without it'}`;
}

function nameOf({ functionName, action, resource }: Grant): string {
  return `${functionName.padEnd(16)}  ${action.padEnd(24)}  ${resource.padEnd(44)}`;
}

const outcomes: Outcome[] = [];
for (const config of configs) outcomes.push(...(await runAll(config)));
const survivors = outcomes.filter(({ brokenStep }) => brokenStep === undefined);
const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(0);
console.info(
  `\n${outcomes.length} grants removed one by one, ${outcomes.length - survivors.length} missed, in ${seconds} s`,
);
for (const { grant } of survivors) console.info(`not missed: ${nameOf(grant)}`);
// A step that a missing grant interrupted may still wait for a webhook that never comes.
process.exit(survivors.length === 0 && outcomes.length > 0 ? 0 : 1);
