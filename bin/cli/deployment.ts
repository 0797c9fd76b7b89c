import { clientOptionsWith } from '../../functions/adapters/aws/clients.ts';
import { timeLimits } from '../../functions/adapters/time-limits.ts';
import { connectionFile, type LocalConnection, readConnection } from '../../lib/local/connection.ts';
import { stackName } from '../../lib/stack-name.ts';
import { CliError, names, notFoundError, usageError } from './errors.ts';

/** The options that say which deployment is meant; every command takes them. */
export interface Target {
  readonly stage?: string;
  readonly stack?: string;
  readonly region?: string;
  readonly profile?: string;
  readonly local?: boolean;
}

/** The configuration of every AWS client of the CLI; the SDK's default chain supplies what is absent. */
export interface ClientConfig extends ReturnType<typeof clientOptionsWith> {
  readonly region?: string;
  readonly profile?: string;
  readonly endpoint?: string;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly forcePathStyle?: boolean;
}

/** A deployment that was found: its outputs, and how to reach its parts. */
export interface Deployment {
  readonly stackName: string;
  readonly outputs: Readonly<Record<string, string>>;
  readonly aws: ClientConfig;
  /** Used in place of the hosts of all AWS services; the SDK's clients know it by themselves. */
  readonly endpoint?: string;
  /** The stack's status in CloudFormation. */
  readonly status?: string;
  /** Present when it runs on this machine. */
  readonly local?: LocalConnection;
}

type Env = Readonly<Record<string, string | undefined>>;

const clientOptions = clientOptionsWith(timeLimits.cli);

/** Finds the deployment by the outputs of its stack, or of `sendoff start`. */
export async function findDeployment(target: Target, env: Env): Promise<Deployment> {
  if (target.stack && target.stage) throw usageError('--stack names the whole stack: leave out --stage.');
  return target.local ? findLocal(env) : findStack(target, env);
}

/** An output that the deployment must have; `formerKey` is its name in version 0.1. */
export function output({ outputs, stackName: name }: Deployment, key: string, formerKey?: string): string {
  const value = outputs[key] ?? (formerKey === undefined ? undefined : outputs[formerKey]);
  if (!value)
    throw new CliError(`The stack ${name} has no output ${key}: is it a Sendoff? If so, deploy its newest version.`);
  return value;
}

function findLocal(env: Env): Deployment {
  const local = readConnection(connectionFile(env));
  if (!local) throw notFoundError('No local Sendoff runs here. Start it with `npx sendoff start` in another terminal.');
  const { awsEndpoint: endpoint, region, credentials, outputs } = local;
  const aws = { endpoint, region, credentials, forcePathStyle: true, ...clientOptions };
  return { stackName: 'sendoff start', outputs, aws, endpoint, local };
}

async function findStack(
  { stage = '', stack: given = stackName(stage), region, profile }: Target,
  env: Env,
): Promise<Deployment> {
  const [stack = given, construct] = given.split(/\/(.*)/s);
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  const aws = {
    ...(region ? { region } : {}),
    ...(profile ? { profile } : {}),
    // The name of a bucket cannot be put before the host name of an emulator.
    ...(env.AWS_ENDPOINT_URL ? { forcePathStyle: true } : {}),
    ...clientOptions,
  };
  const client = new CloudFormationClient(aws);
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: stack }));
    const { Outputs = [], StackStatus: status = '', StackId: stackId = '' } = Stacks[0] ?? {};
    const own = Outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]);
    const outputs: Record<string, string> = Object.fromEntries(own);
    // A stack of the user's own, with a Sendoff in it, has not the outputs of ours.
    if (stackId && (construct || !(outputs.TableName || outputs.RedisNamespace))) {
      const { constructOutputs } = await import('./construct-outputs.ts');
      Object.assign(outputs, await constructOutputs(client, { stackName: stack, stackId, construct }));
    }
    const { AWS_ENDPOINT_URL: endpoint } = env;
    return { stackName: stack, outputs, aws, status, ...(endpoint ? { endpoint } : {}) };
  } catch (error) {
    if (!names(error, 'ValidationError')) throw error;
    const where = await client.config.region();
    throw notFoundError(
      `No stack ${stack} in ${where}. Deploy it with \`npx cdk deploy\`, or say which one: --stage, --stack, --region, --profile, --local.`,
      error,
    );
  }
}
