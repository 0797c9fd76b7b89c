import type { RedisCommand } from '../../../../functions/adapters/redis/scan.ts';
import { awsRequests, type SendAwsRequest, stackResources } from '../../aws.ts';
import { duration } from '../../layout.ts';
import type { Check, Finding } from './finding.ts';

/** A longer round trip is most of the time that an accept takes. */
const SLOW_MS = 250;

/** Checks that the database answers, and that it never evicts. */
export function database(command: RedisCommand): Check {
  const check = 'database';
  return {
    name: check,
    alsoLocal: true,
    examine: async () => {
      // Upstash has no such commands, and a token may not be allowed to use them: a failure of these two is no finding.
      const [info, config] = await Promise.allSettled([command('INFO', 'server'), command('CONFIG', 'GET', POLICY)]);
      const startedAtMs = performance.now();
      await command('PING');
      const tookMs = performance.now() - startedAtMs;
      const version = info.status === 'fulfilled' ? /^redis_version:(\S+)/m.exec(String(info.value))?.[1] : undefined;
      const policy = config.status === 'fulfilled' ? policyOf(config.value) : undefined;
      const unknown =
        policy === undefined
          ? '; it does not say whether it evicts (in the console of Upstash, eviction must be off)'
          : '';
      const text = `${version ? `Redis ${version} ` : ''}answers in ${duration(tookMs)}${unknown}`;
      const answer: Finding =
        tookMs < SLOW_MS
          ? { check, level: 'ok', text }
          : {
              check,
              level: 'warning',
              text,
              advice: 'measured from here; the functions should be in the region of the database',
            };
      return [answer, ...(policy === undefined ? [] : [eviction(policy)])];
    },
  };
}

const POLICY = 'maxmemory-policy';

function policyOf(answer: unknown): string | undefined {
  return Array.isArray(answer) && typeof answer[1] === 'string' ? answer[1] : undefined;
}

function eviction(policy: string): Finding {
  const check = 'eviction';
  return policy === 'noeviction'
    ? { check, level: 'ok', text: 'off: a full database refuses writes and loses nothing' }
    : {
        check,
        level: 'problem',
        text: `${POLICY} is ${policy}: a full database would lose emails, so nothing is accepted`,
        advice: `set it to noeviction, in redis.conf and by CONFIG SET ${POLICY} noeviction`,
      };
}

/** Checks the rule that invokes the watchdog: without it, delayed jobs and those of a crashed consumer wait for the next accept. */
export const minuteRule: Check = {
  name: 'schedule',
  alsoLocal: false,
  examine: async ({ deployment }) => {
    const check = 'schedule';
    const rules = (await stackResources(deployment)).filter(({ type }) => type === 'AWS::Events::Rule');
    const request = awsRequests(deployment);
    const states = await Promise.all(rules.map(({ physicalId }) => stateOf(request, physicalId)));
    if (states.length > 0 && states.every((state) => state === 'ENABLED'))
      return [{ check, level: 'ok', text: 'its rule is on: the queues are looked at once a minute' }];
    const text =
      states.length === 0 ? 'the stack has no rule' : `its rule is ${states.join(', ')}: delayed jobs are not sent`;
    const advice = states.length === 0 ? 'npx cdk deploy' : `aws events enable-rule --name ${rules[0]?.physicalId}`;
    return [{ check, level: 'problem', text, advice }];
  },
};

/** CloudFormation's id of a rule on a bus other than the default one is `bus|rule`; ours is on the default one. */
async function stateOf(request: SendAwsRequest, name: string): Promise<string> {
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'AWSEvents.DescribeRule' };
  const text = await request({ service: 'events', path: '/', headers, body: JSON.stringify({ Name: name }) });
  const { State = 'unknown' }: { State?: string } = JSON.parse(text);
  return State;
}
