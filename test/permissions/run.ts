/**
 * `npm run test:permissions`: runs the service on the local cloud once for each grant (one action on one resource of one
 * role), without that grant. Fails if everything works without it: then it is not needed, or not tested. Before that, with all grants,
 * no call may be denied and no grant unused, on other variants too.
 * `npm run test:permissions -- redis` does so with one backend, `npm run test:permissions -- redis CallerFunction` with the grants of
 * one function.
 */
import { findRedisServer } from '../../lib/local/cloud/upstash/redis-server.ts';
import { synthesize } from '../../lib/synth.ts';
import { addCaller } from './caller.ts';
import { type Grant, grantsIn } from './grants.ts';
import { type Config, type FirstUses, findFirstUses, type Outcome, runWithout, type Stack } from './mutate.ts';
import { PROVING_TASKS } from './own-tasks.ts';

/** Clouds that run at the same time: each keeps a core busy. */
const LANES = 2;

const startedAtMs = Date.now();
const [only, functionName] = process.argv.slice(2);
const hasRedis = findRedisServer() !== undefined;
if (!hasRedis) console.info('backend=redis is skipped: there is no redis-server');
const chosen = (all: readonly Config[]) =>
  all.filter(({ backend }) => (only === undefined || backend === only) && (hasRedis || backend !== 'redis'));
/** The variants whose grants are removed one by one. */
const configs = chosen([
  { backend: 'aws', tracking: 'true', tasks: PROVING_TASKS },
  { backend: 'redis', redisSecret: 'local', tasks: PROVING_TASKS },
]);
/** Those that run with all grants only. */
const others = chosen([
  { backend: 'aws', xray: 'true', tracking: 'true' },
  { backend: 'redis', redisParameter: '/sendoff/upstash' },
]);

async function runAll(stack: Stack, uses: FirstUses): Promise<Outcome[]> {
  const waiting = grantsIn(stack).filter((grant) => !functionName || grant.functionName === functionName);
  const outcomes: Outcome[] = [];
  const lane = async () => {
    for (let grant = waiting.shift(); grant; grant = waiting.shift()) {
      const outcome = await runWithout(stack, grant, uses);
      outcomes.push(outcome);
      console.info(line(outcome));
    }
  };
  console.info(`\nbackend=${stack.config.backend}`);
  await Promise.all(Array.from({ length: LANES }, lane));
  return outcomes;
}

function line({ grant, brokenStep }: Outcome): string {
  return `${brokenStep ? 'missed' : 'NOT MISSED'}  ${nameOf(grant)}  ${brokenStep ? `while ${brokenStep}` : 'everything worked without it'}`;
}

function nameOf({ functionName, action, resource }: Grant): string {
  return `${functionName.padEnd(16)}  ${action.padEnd(24)}  ${resource.padEnd(44)}`;
}

const stacks = configs.map((config): Stack => ({ ...synthesize(config, undefined, addCaller), config }));
const uses = await Promise.all(stacks.map(findFirstUses));
await Promise.all(others.map((config) => findFirstUses({ ...synthesize(config), config })));
const outcomes: Outcome[] = [];
for (const [index, stack] of stacks.entries()) outcomes.push(...(await runAll(stack, uses[index] ?? new Map())));
const survivors = outcomes.filter(({ brokenStep }) => brokenStep === undefined);
const seconds = ((Date.now() - startedAtMs) / 1000).toFixed(0);
console.info(
  `\n${outcomes.length} grants removed one by one, ${outcomes.length - survivors.length} missed, in ${seconds} s`,
);
for (const { grant } of survivors) console.info(`not missed: ${nameOf(grant)}`);
// A step that a missing grant interrupted may still wait for a webhook that never comes.
process.exit(survivors.length === 0 && outcomes.length > 0 ? 0 : 1);
