import type { OnCall } from './aws/pipeline.ts';
import type { Secrets } from './aws/secrets.ts';
import type { LocalLog } from './log.ts';
import type { SesOptions } from './ses/ses-options.ts';
import type { Template } from './template.ts';

/** How a local cloud is started. */
export type LocalCloudOptions = {
  /** The synthesized template; it decides everything that is not said here. */
  template: Template;
  /** The cloud assembly (cdk.out) with the `asset.<hash>` folders. */
  assetDirectory: string;
  /** Port of the first API; 0: a free one. */
  port?: number;
  /** Port of the AWS front and the inbox; 0: a free one. */
  awsPort?: number;
  /** Names that the APIs, the AWS front and the inbox may be asked for by, beside localhost, 127.0.0.1 and [::1]. */
  hosts?: readonly string[];
  /** Path below the URL of the first API where the inbox is, too: `/mail`. Without it only the AWS front has it. */
  inboxPath?: string | undefined;
  /** Keeps tables, queues, buckets and caught mail across restarts; opened to this user alone. */
  dataDirectory?: string | undefined;
  /** Prefix of physical names. */
  stackName?: string;
  region?: string;
  parameters?: Record<string, string>;
  ses?: Omit<SesOptions, 'publish' | 'dataDirectory' | 'region' | 'accountId'>;
  /** The values in Secrets Manager and the SSM parameter store, by name. */
  secrets?: Secrets;
  /** Added to every function's environment; wins over the template. */
  functionEnvironment?: Record<string, string>;
  /** Concurrent executions of the account; further invocations are throttled, as on AWS. Default: no limit. */
  lambdaConcurrency?: number;
  /** Child processes at once, over all functions; who needs more waits. */
  maxInstances?: number;
  /** Leaves out resources that this cloud cannot run, and logs each; otherwise they are an error that names them. */
  skipUnknown?: boolean;
  overrides?: Overrides;
  log?: LocalLog;
  /** Called for each AWS call of a function, or by Lambda for one, after it was executed. Must not throw. */
  onCall?: OnCall;
};

/** Departures from the template that make tests fast; each is said in the log. */
export type Overrides = {
  /** Visibility timeout of every event source's queue, in seconds; fractions are allowed. */
  visibilityTimeoutSeconds?: number;
  /** The longest batching window of an event source, in seconds; fractions are allowed. */
  batchingWindowSeconds?: number;
  /** Waits before the retries of an asynchronous invocation. Default 60 and 120, as on AWS. */
  asyncRetryDelaysSeconds?: number[];
  /** Timeout of every function, in seconds. */
  functionTimeoutSeconds?: number;
  /** Between two runs of every schedule. */
  scheduleRateSeconds?: number;
};
