import { nearest } from '../functions/core/validate.ts';
import { flag, list, type Option, oneNumberOf, oneOf, text, wholeNumber } from './config-option.ts';

const HOST_NAME = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;
const ORIGIN = /^(\*|https?:\/\/[a-z0-9.-]+(:\d{1,5})?)$/;

/** What CloudWatch Logs accepts as a retention. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Every option of a deployment. The README's table, the check of `-c` arguments and the construct's props all come from here. */
export const options = {
  stage: text(
    /^[a-z][a-z0-9-]{0,19}$/,
    'up to 20 of a-z, 0-9 and -, a letter first; empty for none',
    'Names the stack `Sendoff-<stage>`, so that several live side by side in one account. Empty: `Sendoff`.',
  ),
  domain: text(
    HOST_NAME,
    'a domain name in lower case; empty for none',
    'Domain to register with SES for sending, signed with Easy DKIM. The DNS records to create are stack outputs. Empty: use identities verified already.',
  ),
  backend: oneOf<'aws' | 'redis'>(
    ['aws', 'redis'],
    'aws',
    'Where queues and documents are: `aws` is SQS and DynamoDB, `redis` is Upstash Redis for both.',
  ),
  redisSecret: text(
    /^(arn:[\w:/+=.@-]+|[\w/+=.@-]{1,512})$/,
    'the name or ARN of a secret; empty for none',
    'Secrets Manager secret that holds `{"url": "https://…", "token": "…"}` of an Upstash database.',
  ),
  redisParameter: text(
    /^\/?[\w./-]{1,1000}$/,
    'the name of a parameter; empty for none',
    'SSM SecureString that holds the same, instead of a secret.',
  ),
  maxDrainers: wholeNumber(
    4,
    1,
    1000,
    'Most send functions at once on `backend=redis`; each has up to 100 emails in flight, and one is enough unless more wait than it sends in two seconds.',
  ),
  maxConcurrency: wholeNumber(
    10,
    2,
    1000,
    'Most send functions at once for transactional mail; each has 10 emails in flight.',
  ),
  bulkMaxConcurrency: wholeNumber(5, 2, 1000, 'The same for bulk mail.'),
  sendTimeoutSeconds: wholeNumber(
    60,
    10,
    900,
    'Time limit of a batch of 10 emails. A job that a crash left behind comes back after six times this.',
  ),
  maxReceiveCount: wholeNumber(
    5,
    1,
    1000,
    'How often a job may fail or crash its worker before it goes to the dead-letter queue.',
  ),
  apiThrottleRate: wholeNumber(1000, 1, 10000, 'Requests a second the API lets through, on average; beyond: 429.'),
  apiThrottleBurst: wholeNumber(2000, 1, 5000, 'Requests the API lets through in a moment.'),
  corsOrigins: list(
    ORIGIN,
    'origins like https://app.example.com, or *',
    'Web pages that may call the API from a browser. A key in a page is a key given away: prefer none.',
  ),
  apiMemoryMb: wholeNumber(512, 128, 10240, 'Memory of the API function, in MB; CPU comes in proportion.'),
  sendMemoryMb: wholeNumber(
    512,
    256,
    10240,
    'Memory of the send function, in MB; a batch of ten emails, attachments included, is in it at once.',
  ),
  retentionDays: wholeNumber(90, 1, 3650, 'How long emails, their records and bodies, are kept after they were due.'),
  logRetentionDays: oneNumberOf(LOG_RETENTION_DAYS, 30, 'How long logs are kept.'),
  logLevel: oneOf(['info', 'warn', 'error'], 'info', 'The least level that is logged.'),
  xray: flag(false, 'Trace the functions with X-Ray.'),
  removeData: flag(
    false,
    'Delete the table and the bucket with the stack (the bucket only if it is empty). False: they stay.',
  ),
} as const satisfies Record<string, Option<unknown>>;

/** An option that is not known or whose value is not allowed; its message is for the person who gave it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Options = typeof options;
export type OptionName = keyof Options;

/** The value of every option, checked. */
export type Config = { readonly [Name in OptionName]: Options[Name] extends Option<infer T> ? T : never };

const optionNames = Object.keys(options) as OptionName[];

/**
 * Checks the options given and fills in the defaults of the others.
 * Throws a ConfigError that names the option, the value and what is allowed, or for an unknown option the nearest known one.
 */
export function parseConfig(given: { readonly [name: string]: unknown }): Config {
  for (const name of Object.keys(given)) refuseUnknown(name);
  const config = Object.fromEntries(optionNames.map((name) => [name, parseOption(name, given[name])])) as Config;
  refuseCombinations(config);
  return config;
}

/**
 * The options among the values of a CDK context (`-c name=value` or cdk.json).
 * The CDK keeps its own values there, under names with a colon, a slash or an @; ours are plain words.
 */
export function configFromContext(context: { readonly [name: string]: unknown }): Config {
  return parseConfig(Object.fromEntries(Object.entries(context).filter(([name]) => !/[:/@]/.test(name))));
}

/** The table of options as Markdown, as it stands in the README. */
export function optionsTable(): string {
  const rows = optionNames.map((name) => {
    const { type, range, meaning, default: fallback } = options[name];
    return `| \`${name}\` | ${type} | ${formatDefault(fallback)} | ${range} | ${meaning} |`;
  });
  return ['| option | type | default | allowed | meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}

/** Options that mean something with one backend alone. */
const ONLY_WITH = {
  aws: ['maxConcurrency', 'bulkMaxConcurrency', 'sendTimeoutSeconds', 'removeData'],
  redis: ['redisSecret', 'redisParameter', 'maxDrainers'],
} as const satisfies Record<Config['backend'], readonly OptionName[]>;

/** Refuses options that contradict each other, naming both. */
function refuseCombinations(config: Config): void {
  const other = config.backend === 'aws' ? 'redis' : 'aws';
  for (const name of ONLY_WITH[other]) {
    if (config[name] === options[name].default) continue;
    throw new ConfigError(
      `Option '${name}' is ${JSON.stringify(config[name])} and option 'backend' is "${config.backend}"; '${name}' means something with backend=${other} alone.`,
    );
  }
  const { backend, redisSecret, redisParameter } = config;
  if (backend === 'redis' && (redisSecret === '') === (redisParameter === '')) {
    const problem = redisSecret ? "both 'redisSecret' and 'redisParameter' are given" : 'neither is given';
    throw new ConfigError(
      `Option 'backend' is "redis", which needs one of the options 'redisSecret' and 'redisParameter' to say where its credentials are; ${problem}.`,
    );
  }
}

function refuseUnknown(name: string): void {
  if (Object.hasOwn(options, name)) return;
  const suggestion = nearest(name, optionNames);
  throw new ConfigError(
    `Unknown option '${name}'. ${suggestion ? `Did you mean '${suggestion}'?` : `Options: ${optionNames.join(', ')}.`}`,
  );
}

function parseOption(name: OptionName, value: unknown): Config[OptionName] {
  const option: Option<Config[OptionName]> = options[name];
  if (value === undefined) return option.default;
  const parsed = option.parse(value);
  if (parsed === undefined)
    throw new ConfigError(`Option '${name}' is ${JSON.stringify(value)}; allowed: ${option.range}.`);
  return parsed;
}

function formatDefault(value: Config[OptionName]): string {
  return value === '' || (Array.isArray(value) && value.length === 0) ? 'none' : `\`${String(value)}\``;
}
