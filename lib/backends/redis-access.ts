import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { ArnFormat, Names, Stack, Token } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';

/** How functions and the operator reach the Redis database of a deployment. It contains no credentials. */
export interface RedisAccess {
  readonly environment: Readonly<Record<string, string>>;
  /** The same for the operator, who reads the credentials with permissions of their own. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Permission to read the secret or parameter that holds URL and token. */
  readonly statement: PolicyStatement;
}

/** Access to the database whose credentials the options `redisSecret` or `redisParameter` name. */
export function redisAccess(
  scope: Construct,
  { redisSecret, redisParameter }: Pick<Config, 'redisSecret' | 'redisParameter'>,
): RedisAccess {
  // It separates deployments that share a database, so it must be unique to the construct and never change.
  const namespace = Names.uniqueResourceName(scope, { maxLength: 60 });
  return redisSecret
    ? {
        environment: { REDIS_NAMESPACE: namespace, REDIS_SECRET: redisSecret },
        outputs: { RedisNamespace: namespace, RedisSecret: redisSecret },
        statement: allow('secretsmanager:GetSecretValue', secretArn(scope, redisSecret)),
      }
    : {
        environment: { REDIS_NAMESPACE: namespace, REDIS_PARAMETER: redisParameter },
        outputs: { RedisNamespace: namespace, RedisParameter: redisParameter },
        statement: allow('ssm:GetParameter', parameterArn(scope, redisParameter)),
      };
}

/** The ARN of a secret ends with six characters that are not in its name. */
function secretArn(scope: Construct, secret: string): string {
  if (Token.isUnresolved(secret) || secret.startsWith('arn:')) return secret;
  const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
  return Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName: `${secret}-??????`,
    arnFormat,
  });
}

function parameterArn(scope: Construct, parameter: string): string {
  return Stack.of(scope).formatArn({
    service: 'ssm',
    resource: 'parameter',
    resourceName: parameter.replace(/^\//, ''),
  });
}

function allow(action: string, resource: string): PolicyStatement {
  return new PolicyStatement({ actions: [action], resources: [resource] });
}
