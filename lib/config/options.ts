import {
  flag,
  list,
  type Option,
  oneNumberOf,
  oneOf,
  path,
  positiveNumber,
  text,
  wholeNumber,
  zeroOr,
} from './option.ts';

const HOST_NAME = /^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/;
const SNS_TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/;
const CERTIFICATE_ARN = /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[\w-]+$/;
const ADDRESS = /^[^\s@,;<>"]{1,64}@[^\s@,;<>"]{3,253}$/;
const ORIGIN = /^(\*|https?:\/\/[a-z0-9.-]+(:\d{1,5})?)$/;

/** The retention times that CloudWatch Logs accepts. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Every option of a deployment. The documentation's table, the check of `-c` arguments and the construct's props are derived from it. */
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
  mailFromDomain: text(
    HOST_NAME,
    'a subdomain of `domain` in lower case; empty for none',
    "Subdomain of `domain` for the envelope sender (custom MAIL FROM), which aligns SPF with the domain; use it for nothing else. The DNS records to create are stack outputs. Empty: a domain of SES's own.",
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
  maxConsumers: wholeNumber(
    4,
    1,
    1000,
    'Most consumer functions at once on `backend=redis`; each has up to 100 emails in flight, and one is enough unless more wait than it sends in two seconds.',
  ),
  maxConcurrency: wholeNumber(
    4,
    2,
    1000,
    'Most send functions at once for transactional mail; each has 10 emails in flight.',
  ),
  bulkMaxConcurrency: wholeNumber(2, 2, 1000, 'The same for bulk mail.'),
  webhookMaxConcurrency: wholeNumber(
    2,
    2,
    1000,
    'Most webhook functions at once, each of which waits for 10 endpoints, up to 1.5 s; as many again for endpoints that take longer, up to 15 s.',
  ),
  maxSendRate: positiveNumber(
    'Most recipients a second that this deployment sends to. Without it, as many as SES allows the account, less 2 %: set it where others send in the same account and region.',
  ),
  giveUpAfterHours: wholeNumber(
    120,
    1,
    336,
    'How long an email may wait for SES, when its daily quota is used up, sending is paused, or SES does not answer; then it is `failed`. At most an hour less than `retentionDays`.',
  ),
  feedbackMaxConcurrency: wholeNumber(
    2,
    2,
    1000,
    'Most feedback functions at once. Each records about 240 events of SES a second, and an email has two: the default carries 240 emails a second.',
  ),
  feedbackMemoryMb: wholeNumber(
    256,
    128,
    10240,
    'Memory of the feedback function, in MB. The events that it records in a second grow with it, up to 1,250 at 1,769 MB.',
  ),
  feedbackWindowSeconds: wholeNumber(
    5,
    1,
    20,
    'How long events of SES are gathered before the feedback function records them, in seconds: statuses after `sent`, and webhooks, come as much later. The two of one email are then often recorded together, which costs less at low traffic.',
  ),
  scheduleMemoryMb: wholeNumber(
    512,
    256,
    10240,
    'Memory of the schedule function with `backend=aws`, in MB. At the default it hands over about 20,000 scheduled emails a minute.',
  ),
  indexShards: wholeNumber(
    4,
    4,
    64,
    'Parts that the list of emails is stored in with `backend=aws`; each takes 1,000 new emails a second. A query costs one read for each.',
  ),
  tasks: path(
    'Your own tasks: the file that declares them with `sendoff/tasks`, relative to the working directory. It is bundled with esbuild and runs in a function and role of its own. Empty: none.',
  ),
  tasksMemoryMb: wholeNumber(
    512,
    128,
    10240,
    'Memory of the function that runs your tasks, in MB; CPU comes in proportion.',
  ),
  tasksMaxConcurrency: wholeNumber(
    10,
    2,
    1000,
    'Most functions at once for tasks with `backend=aws`, as many again for bulk tasks; each has 10 runs in flight.',
  ),
  warmWriteUnits: zeroOr(
    4_000,
    1_000_000,
    'Write units a second that the DynamoDB table takes at once; an email needs five. 0: 4,000, and more as the load grows. Costs once, and cannot be lowered.',
  ),
  warmReadUnits: zeroOr(12_000, 1_000_000, 'The same for read units; 0: 12,000.'),
  sendTimeoutSeconds: {
    ...wholeNumber(
      60,
      60,
      900,
      'Time limit of a batch of 10 emails. A job that a crash left behind comes back after six times this.',
    ),
    range: '60 to 900; in less, the waits for a turn, attachments and SES do not fit',
  },
  maxReceiveCount: wholeNumber(
    5,
    1,
    1000,
    'How often a job may fail or crash its worker before it goes to the dead-letter queue.',
  ),
  tracking: flag(
    false,
    "Let SES track opens and clicks: a pixel in each HTML email, and links that lead over SES's server.",
  ),
  broadcastFooter: flag(
    true,
    'Add an unsubscribe link at the end of a broadcast that has none. The postal address that laws ask for (CAN-SPAM) is yours to write into the content.',
  ),
  accountSuppression: flag(
    true,
    "Let SES also refuse what is on the account's own suppression list. False: only Sendoff's list counts.",
  ),
  api: oneOf(
    ['http', 'rest'],
    'http',
    'Kind of API Gateway: an HTTP API, or a REST API (3.5 times the price; for WAF, usage plans, and emulators without HTTP APIs).',
  ),
  console: flag(
    true,
    'Serve the web console at `/console`; people sign in with an API key. False: without its files and routes.',
  ),
  apiDomain: text(
    HOST_NAME,
    'a domain name in lower case; empty for none',
    'Host name of your own for the API; needs `apiCertificateArn`. The DNS record to create is a stack output.',
  ),
  apiCertificateArn: text(
    CERTIFICATE_ARN,
    'the ARN of an ACM certificate; empty for none',
    'Certificate for `apiDomain`, in the same region.',
  ),
  apiThrottleRate: wholeNumber(1000, 1, 10000, 'Requests a second the API lets through, on average; beyond: 429.'),
  apiThrottleBurst: wholeNumber(2000, 1, 5000, 'Requests the API lets through in a moment.'),
  keyRateLimit: wholeNumber(
    0,
    0,
    500,
    'Requests a second of one API key; beyond: 429. 0: no limit. Each request then takes one write more (on Redis two commands).',
  ),
  corsOrigins: list(
    ORIGIN,
    'origins like https://app.example.com, or *',
    'Web pages that may call the API from a browser. A key in a page is a key given away: prefer none.',
  ),
  restAccessLogs: flag(
    false,
    "Write access logs of a REST API. It then needs API Gateway's role for CloudWatch, a setting of the whole account and region. An HTTP API has them always.",
  ),
  apiMemoryMb: wholeNumber(1024, 128, 10240, 'Memory of the API function, in MB; CPU comes in proportion.'),
  sendMemoryMb: wholeNumber(
    512,
    384,
    10240,
    'Memory of the send function, in MB. It decides how many large emails are sent at once: one of 10 MB with 384, two with 512, six with 1,024.',
  ),
  retentionDays: wholeNumber(30, 1, 3650, 'How long emails, their records and bodies, are kept after they were due.'),
  logRetentionDays: oneNumberOf(LOG_RETENTION_DAYS, 30, 'How long logs are kept.'),
  logLevel: oneOf(['info', 'warn', 'error'], 'info', 'The least level that is logged.'),
  xray: flag(
    false,
    'Trace each email with X-Ray from the API through the queue to SES. A REST API is traced from the gateway on.',
  ),
  monitoring: flag(
    true,
    'Make the alarms and the dashboard. They cost about $2 a month after the ten alarms and three dashboards that are free in an account.',
  ),
  alarmTopicArn: text(
    SNS_TOPIC_ARN,
    'the ARN of an SNS topic; empty for none',
    'Existing topic that is told when an alarm begins and ends; its policy must let cloudwatch.amazonaws.com publish.',
  ),
  alarmEmail: text(
    ADDRESS,
    'an email address; empty for none',
    'The same for one address, which gets one email to confirm; not through Sendoff, so that it arrives when Sendoff does not send.',
  ),
  encryptTopics: flag(
    true,
    "Encrypt the SNS topics (what SES reports, alarms) with a KMS key of the stack's own: $1 a month, up to $3 after two yearly rotations. False: with what SNS does by itself.",
  ),
  removeData: flag(
    false,
    'Delete the table, the bucket (only if it is empty) and the identity of `domain` with the stack. False: they stay.',
  ),
} as const satisfies Record<string, Option<unknown>>;

type Options = typeof options;
export type OptionName = keyof Options;

/** The value of every option, checked. */
export type Config = { readonly [Name in OptionName]: Options[Name] extends Option<infer T> ? T : never };

/** The names of all options, in the order of the table. */
export const optionNames = Object.keys(options) as OptionName[];
