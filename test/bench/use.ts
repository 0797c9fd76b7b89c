import type { Template } from '../../lib/local/cloud/template.ts';
import type { LocalSendoff } from '../../lib/local/start.ts';
import { accessLogBytes, type LogCounter, platformBytes } from './log-lines.ts';
import type { FunctionUse, Use } from './prices.ts';
import type { ReceiveCounter } from './receives.ts';
import { MAIL_SERVER_MS } from './speed.ts';

/** How long one invocation waits for others on AWS, in ms: local waits are other ones. */
const AWS_WAIT_MS: Readonly<Record<string, number>> = {
  Api: 10,
  // Claim and record, and the mail server. The emails of a batch wait at the same time.
  Send: 10 + MAIL_SERVER_MS,
  Feedback: 15,
  Webhook: 10 + MAIL_SERVER_MS,
  Schedule: 30,
  // Six round trips to Redis, and the mail server.
  RedisConsumer: 30 + MAIL_SERVER_MS,
  // It looks after a second, when most consumers have ended.
  RedisWatchdog: 1_050,
};
/** The measured subject. */
export interface Measured {
  readonly local: LocalSendoff;
  readonly template: Template;
  readonly logs: LogCounter;
  readonly receives: ReceiveCounter;
}

/**
 * Begins to count; the answer tells the use of functions since then. `which` matches their logical ids. Without it all are
 * counted but the schedule's, which runs for each minute and not for each email.
 */
export function startCounting({ local, template, logs, receives }: Measured): (which?: RegExp) => Use {
  const { cloud } = local;
  cloud.calls.countUnits = true;
  cloud.calls.reset();
  const before = functionsOf(local);
  logs.reset();
  receives.reset();
  return (which = /^(?!operator|.*Schedule)/) => {
    const calls = cloud.calls.snapshot().filter(({ functionName }) => which.test(functionName));
    const sum = (service: string, field: 'count' | 'readUnits' | 'writeUnits', actions = /./) =>
      calls
        .filter((call) => call.service === service && actions.test(call.action))
        .reduce((total, call) => total + call[field], 0);
    const functions = functionsOf(local)
      .map((now, index) => difference(now, before[index]))
      .filter(({ logicalId, invocations }) => which.test(logicalId) && invocations > 0);
    const invocations = functions.reduce((all, one) => all + one.invocations, 0);
    return {
      httpRequests: 0,
      sqsRequests: sum('sqs', 'count', /^(Send|Delete)Message/) + receives.countOf(which),
      snsPublishes: 0,
      writeUnits: sum('dynamodb', 'writeUnits'),
      readUnits: sum('dynamodb', 'readUnits'),
      s3Puts: sum('s3', 'count', /^PutObject/),
      s3Gets: sum('s3', 'count', /^GetObject/),
      functions,
      logBytes: logs.bytesOf(which) + invocations * platformBytes(template),
      redisCommands: 0,
    };
  };
}

/** Adds what the local cloud does not count as calls: requests at the gateway and events of SES. */
export const withEdges = (
  use: Use,
  template: Template,
  { httpRequests, snsPublishes }: Pick<Use, 'httpRequests' | 'snsPublishes'>,
): Use => ({
  ...use,
  httpRequests,
  snsPublishes,
  logBytes: use.logBytes + httpRequests * accessLogBytes(template),
});

type Counted = FunctionUse & { readonly logicalId: string };

function functionsOf({ cloud }: LocalSendoff): Counted[] {
  return [...cloud.functions.values()].map((one) => {
    const name = /^Sendoff(.*)Function/.exec(one.logicalId)?.[1] ?? one.logicalId;
    return {
      logicalId: one.logicalId,
      name: name.toLowerCase(),
      invocations: one.stats().invocations,
      memoryMb: one.definition.memoryMegabytes,
      cpuMs: one.cpuMs(),
      waitMs: AWS_WAIT_MS[name] ?? 0,
    };
  });
}

const difference = (now: Counted, before: Counted | undefined): Counted => ({
  ...now,
  invocations: now.invocations - (before?.invocations ?? 0),
  cpuMs: now.cpuMs - (before?.cpuMs ?? 0),
});
