import { deployedQueueNames, queueUrlVariable, taskQueueNames } from '../../functions/core/queues.ts';
import { queueUrlOutput } from '../queues.ts';
import type { Template, TemplateResource } from './cloud/template.ts';

/** A Sendoff in the template of any stack. */
export interface FoundSendoff {
  /** The stack and the path of the construct in it, e.g. `Shop/Mail`: the `DEPLOYMENT` of its functions. */
  readonly name: string;
  readonly backend: 'aws' | 'redis';
  /** The outputs that SendoffStack has, by which the CLI works: values of the template, intrinsics included. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** The logical id of its API. */
  readonly apiId: string;
  /** True if its API serves the web console. */
  readonly servesConsole: boolean;
}

type Variables = Readonly<Record<string, unknown>>;

/** The function that sends is the only one with a configuration set: grantAccept gives a function all but that. */
const SENDER = /^(.*)(?:SendFunction|RedisConsumerFunction)[0-9A-F]{8}$/;

const TASKS_WATCHDOG = /RedisTasksWatchdogFunction[0-9A-F]{8}$/;

/** Every Sendoff of a template, found by its functions: a user's stack does not have the outputs of SendoffStack. */
export function findSendoffs(template: Template): FoundSendoff[] {
  return Object.entries(template.Resources).flatMap(([logicalId, resource]) => {
    const sender = variablesOf(resource);
    const [, prefix] = SENDER.exec(logicalId) ?? [];
    if (prefix === undefined || !('CONFIGURATION_SET' in sender) || typeof sender.DEPLOYMENT !== 'string') return [];
    return [describe(template, prefix, sender)];
  });
}

/** Describes the construct named `prefix`; all ids in it begin with that name. */
function describe(template: Template, prefix: string, sender: Variables): FoundSendoff {
  const name = String(sender.DEPLOYMENT);
  /** The logical id of a construct of ours: its path, and eight characters that the CDK adds. */
  const idOf = (path: string): string => {
    const pattern = new RegExp(`^${prefix}${path}[0-9A-F]{8}$`);
    const found = Object.keys(template.Resources).find((logicalId) => pattern.test(logicalId));
    if (!found) throw new Error(`The Sendoff ${name} has no ${path}: was its template changed after synthesis?`);
    return found;
  };
  const backend = 'REDIS_NAMESPACE' in sender ? 'redis' : 'aws';
  const apiFunction = idOf('ApiFunction');
  const feedbackQueue = idOf('FeedbackQueue');
  // Its own functions know it: that of the emails has nothing to do with tasks.
  const hasTasks = Object.keys(template.Resources).some((id) => TASKS_WATCHDOG.test(id) && id.startsWith(prefix));
  return {
    name,
    backend,
    apiId: idOf('(?:HttpApi|RestApi)'),
    servesConsole: variablesOf(template.Resources[apiFunction]).CONSOLE === 'true',
    outputs: {
      // The base of unsubscribe links is the API's address.
      ApiUrl: sender.PUBLIC_URL,
      ...(backend === 'redis' ? redisOutputs(sender, idOf, hasTasks) : awsOutputs(sender, idOf)),
      FeedbackQueueUrl: { Ref: feedbackQueue },
      DeadLetterQueueUrl: { Ref: idOf('DeadLetterQueue') },
      ConfigurationSetName: sender.CONFIGURATION_SET,
      ApiFunctionName: { Ref: apiFunction },
    },
  };
}

function awsOutputs(sender: Variables, idOf: (path: string) => string): Record<string, unknown> {
  const hasTasks = taskQueueNames.some((name) => queueUrlVariable(name) in sender);
  return {
    TableName: sender.TABLE_NAME,
    BodyBucketName: sender.BODY_BUCKET,
    ...Object.fromEntries(
      deployedQueueNames(hasTasks).map((name) => [queueUrlOutput(name), sender[queueUrlVariable(name)]]),
    ),
    SendFunctionName: { Ref: idOf('SendFunction') },
    ScheduleFunctionName: { Ref: idOf('ScheduleFunction') },
    ...(hasTasks ? { TasksFunctionName: { Ref: idOf('TasksFunction') } } : {}),
  };
}

function redisOutputs(sender: Variables, idOf: (path: string) => string, hasTasks: boolean): Record<string, unknown> {
  const { REDIS_SECRET: RedisSecret, REDIS_PARAMETER: RedisParameter } = sender;
  return {
    RedisNamespace: sender.REDIS_NAMESPACE,
    ...(RedisSecret === undefined ? { RedisParameter } : { RedisSecret }),
    RedisConsumerFunctionName: { Ref: idOf('RedisConsumerFunction') },
    RedisWatchdogFunctionName: { Ref: idOf('RedisWatchdogFunction') },
    ...(hasTasks
      ? {
          TasksFunctionName: { Ref: idOf('RedisTasksFunction') },
          TasksWatchdogFunctionName: { Ref: idOf('RedisTasksWatchdogFunction') },
        }
      : {}),
  };
}

function variablesOf({ Type, Properties }: Partial<TemplateResource> = {}): Variables {
  if (Type !== 'AWS::Lambda::Function') return {};
  const { Variables = {} } = (Properties?.Environment ?? {}) as { Variables?: Variables };
  return Variables;
}
