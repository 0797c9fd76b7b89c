/** Options as `-c` gives them. */
export type Given = Readonly<Record<string, string>>;

/** One way to deploy. */
export interface Variant {
  /** The options that differ from the default: `api=rest xray=true`. */
  readonly name: string;
  readonly given: Given;
}

const certificate = 'arn:aws:acm:eu-west-1:123456789012:certificate/6d3e5f1a-0000-4000-8000-000000000000';

/** Relative to the repository, so that the templates do not depend on its place. */
const tasks = 'test/fixtures/tasks/tasks.ts';

/** Options that change which resources there are: every combination is checked. Add a new option of this sort here. */
const axes: readonly (readonly Given[])[] = [
  [{}, { backend: 'redis', redisSecret: 'upstash' }],
  [{}, { api: 'rest' }],
  [{}, { domain: 'mail.example.com', apiDomain: 'api.example.com', apiCertificateArn: certificate }],
  [{}, { tracking: 'true' }],
];

/** Options that are independent of the others: once each. */
const alone: readonly Given[] = [
  { xray: 'true' },
  { api: 'rest', xray: 'true' },
  { monitoring: 'false' },
  { console: 'false' },
  { accountSuppression: 'false' },
  { alarmEmail: 'ops@example.com' },
  { alarmTopicArn: 'arn:aws:sns:eu-west-1:123456789012:ops' },
  { corsOrigins: 'https://app.example.com' },
  { encryptTopics: 'false' },
  { removeData: 'true', domain: 'mail.example.com' },
  { domain: 'mail.example.com', mailFromDomain: 'bounce.mail.example.com' },
  { api: 'rest', restAccessLogs: 'true' },
  { stage: 'test' },
  { backend: 'redis', redisParameter: '/mail/upstash', api: 'rest', xray: 'true' },
  { backend: 'redis', redisSecret: 'upstash', monitoring: 'false' },
  { tasks },
  { backend: 'redis', redisSecret: 'upstash', xray: 'true', tasks },
];

/** Every variant of the stack that template checks look at. */
export const variants: readonly Variant[] = [...product(axes), ...alone].map((given) => ({
  name: nameOf(given),
  given,
}));

function product(rest: readonly (readonly Given[])[]): Given[] {
  const [first, ...others] = rest;
  return first ? first.flatMap((given) => product(others).map((more) => ({ ...given, ...more }))) : [{}];
}

function nameOf(given: Given): string {
  const options = Object.entries(given).map(([name, value]) => (/^[\w.@-]+$/.test(value) ? `${name}=${value}` : name));
  return options.join(' ') || 'default';
}
