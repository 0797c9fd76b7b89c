import type { AwsAnswer, AwsCall, AwsService } from './call.ts';
import { jsonError } from './wire.ts';

/** Text by name, as Secrets Manager and the SSM parameter store keep it. */
export type Secrets = Readonly<Record<string, string>>;

/** Secrets Manager's GetSecretValue. */
export function createSecretsManagerService(secrets: Secrets, accountId: string, region: string): AwsService {
  const arnOf = (name: string) => `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-LoCaL1`;
  return reader('secretsmanager', 'GetSecretValue', {
    resourceOf: ({ SecretId }) => arnOf(String(SecretId)),
    read: ({ SecretId }) => {
      const name = String(SecretId);
      const SecretString = secrets[name];
      return SecretString === undefined ? undefined : { ARN: arnOf(name), Name: name, SecretString };
    },
    missing: ['ResourceNotFoundException', "Secrets Manager can't find the specified secret."],
  });
}

/** Systems Manager's GetParameter. */
export function createSsmService(secrets: Secrets, accountId: string, region: string): AwsService {
  const arnOf = (name: string) => `arn:aws:ssm:${region}:${accountId}:parameter/${name.replace(/^\//, '')}`;
  return reader('ssm', 'GetParameter', {
    resourceOf: ({ Name }) => arnOf(String(Name)),
    read: ({ Name }) => {
      const Value = secrets[String(Name)];
      return Value === undefined
        ? undefined
        : { Parameter: { ARN: arnOf(String(Name)), Name, Type: 'SecureString', Value } };
    },
    missing: ['ParameterNotFound', 'There is no parameter of this name.'],
  });
}

interface Reading {
  resourceOf(input: Record<string, unknown>): string;
  /** Undefined when there is no such secret. */
  read(input: Record<string, unknown>): object | undefined;
  readonly missing: readonly [code: string, message: string];
}

function reader(name: string, action: string, { resourceOf, read, missing }: Reading): AwsService {
  const handle = async (call: AwsCall): Promise<AwsAnswer> => {
    const found = read(call.json());
    if (!found) return jsonError(400, ...missing);
    return { status: 200, headers: { 'content-type': 'application/x-amz-json-1.1' }, body: JSON.stringify(found) };
  };
  return {
    name,
    actionOf: ({ headers }) => (String(headers['x-amz-target']).endsWith(`.${action}`) ? action : undefined),
    permissions: (call) => [{ action: `${name}:${action}`, resources: [resourceOf(call.json())] }],
    error: jsonError,
    deniedStatus: 400,
    deniedCode: 'AccessDeniedException',
    handle,
  };
}
