import { upstashCredentials } from '../../../functions/adapters/redis/credentials.ts';
import type { UpstashCredentials } from '../../../functions/adapters/redis/requester.ts';
import type { SendAwsRequest } from '../aws.ts';
import type { Deployment } from '../deployment.ts';
import { CliError, explain } from '../errors.ts';
import type { Terminal } from '../terminal.ts';

/** Finds URL and token of the database: a stack names the secret that holds them, `sendoff start` has them itself. */
export async function redisCredentials(
  { outputs, local, stackName }: Deployment,
  { UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN }: Terminal['env'],
  request: SendAwsRequest,
): Promise<UpstashCredentials> {
  if (local?.redis) return local.redis;
  // This machine's environment may name another database: it is not read for a stack.
  const { RedisSecret: REDIS_SECRET, RedisParameter: REDIS_PARAMETER } = outputs;
  if (!local && !REDIS_SECRET && !REDIS_PARAMETER)
    throw new CliError(`The stack ${stackName} does not say where its database's credentials are: deploy it anew.`);
  const env = local ? { UPSTASH_REDIS_REST_URL, UPSTASH_REDIS_REST_TOKEN } : { REDIS_SECRET, REDIS_PARAMETER };
  try {
    return await upstashCredentials(env, request);
  } catch (cause) {
    const where = REDIS_SECRET ? `the secret ${REDIS_SECRET}` : `the parameter ${REDIS_PARAMETER}`;
    const message = local
      ? 'It runs on a database of Upstash: set UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN here too.'
      : `Cannot read the database's credentials from ${where}: ${explain(cause).line}`;
    throw new CliError(message, undefined, { cause });
  }
}
