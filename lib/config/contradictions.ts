import { deployedQueueNames, queues } from '../../functions/core/queues.ts';
import { type Config, type OptionName, options } from './options.ts';

interface Contradiction {
  readonly options: readonly [OptionName, OptionName];
  readonly applies: (config: Config) => boolean;
  readonly why: string;
}

/** Options that have an effect with one backend only. */
const onlyWith: Readonly<Record<Config['backend'], readonly OptionName[]>> = {
  aws: [...new Set(deployedQueueNames(true).map((name) => queues[name].concurrencyOption)), 'sendTimeoutSeconds'],
  redis: ['redisSecret', 'redisParameter', 'maxConsumers'],
};

/** Pairs of options that exclude each other, or of which one would silently have no effect. */
const contradictions: readonly Contradiction[] = [
  {
    options: ['mailFromDomain', 'domain'],
    applies: ({ mailFromDomain, domain }) => mailFromDomain !== '' && !mailFromDomain.endsWith(`.${domain}`),
    why: 'it must be a subdomain of the domain that the stack registers',
  },
  {
    options: ['removeData', 'backend'],
    applies: ({ removeData, backend, domain }) => removeData && backend === 'redis' && domain === '',
    why: "'removeData' has no effect with that backend and without a domain",
  },
  {
    options: ['apiDomain', 'apiCertificateArn'],
    applies: ({ apiDomain, apiCertificateArn }) => (apiDomain === '') !== (apiCertificateArn === ''),
    why: 'give both or neither',
  },
  {
    options: ['api', 'corsOrigins'],
    applies: ({ api, corsOrigins }) => api === 'rest' && corsOrigins.length > 0,
    why: 'only an HTTP API answers browsers',
  },
  {
    options: ['api', 'restAccessLogs'],
    applies: ({ api, restAccessLogs }) => api === 'http' && restAccessLogs,
    why: 'an HTTP API has access logs anyway',
  },
  {
    options: ['alarmTopicArn', 'alarmEmail'],
    applies: ({ alarmTopicArn, alarmEmail }) => alarmTopicArn !== '' && alarmEmail !== '',
    why: 'subscribe the address to the topic',
  },
  {
    options: ['monitoring', 'alarmTopicArn'],
    applies: ({ monitoring, alarmTopicArn }) => !monitoring && alarmTopicArn !== '',
    why: 'without monitoring there are no alarms',
  },
  {
    options: ['monitoring', 'alarmEmail'],
    applies: ({ monitoring, alarmEmail }) => !monitoring && alarmEmail !== '',
    why: 'without monitoring there are no alarms',
  },
  ...withoutTasks(['tasksMemoryMb', 'tasksMaxConcurrency']),
  ...noEffectWith('aws', onlyWith.redis),
  ...noEffectWith('redis', onlyWith.aws),
  {
    options: ['redisSecret', 'redisParameter'],
    applies: ({ backend, redisSecret, redisParameter }) =>
      backend === 'redis' && (redisSecret === '') === (redisParameter === ''),
    why: '\'backend\' is "redis", which needs exactly one of them to say where its credentials are',
  },
];

function withoutTasks(names: readonly OptionName[]): Contradiction[] {
  return names.map((name) => ({
    options: [name, 'tasks'],
    applies: (config) => config.tasks === '' && config[name] !== options[name].default,
    why: `'${name}' has no effect without tasks`,
  }));
}

function noEffectWith(backend: Config['backend'], names: readonly OptionName[]): Contradiction[] {
  return names.map((name) => ({
    options: [name, 'backend'],
    applies: (config) => config.backend === backend && config[name] !== options[name].default,
    why: `'${name}' has no effect with that backend`,
  }));
}

/** The first two options that contradict each other, in words; undefined when there are none. */
export function contradictionIn(config: Config): string | undefined {
  const found = contradictions.find(({ applies }) => applies(config));
  if (!found) return undefined;
  const [first, second] = found.options.map((name) => `'${name}' is ${JSON.stringify(config[name])}`);
  return `Option ${first} and option ${second}: ${found.why}.`;
}
