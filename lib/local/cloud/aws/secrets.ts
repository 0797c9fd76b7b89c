import type { AwsAnswer, AwsCall, AwsService } from './call.ts';
import { jsonError } from './wire.ts';

/** Text by name, as Secrets Manager and the SSM parameter store keep it. */
export type Secrets = Readonly<Record<string, string>>;

/** A parameter of SSM; `SecureString` if it was given to the cloud, not by the template. */
export type Parameter = { type: 'String' | 'StringList' | 'SecureString'; value: string };

/** The secrets and parameters of a cloud, by name; resources of the template are added as they are created. */
export type SecretStore = { secrets: Map<string, string>; parameters: Map<string, Parameter> };

/** A store with secrets that both services answer. */
export function createSecretStore(given: Secrets): SecretStore {
  const parameters = Object.entries(given).map(([name, value]) => [name, { type: 'SecureString', value }] as const);
  return { secrets: new Map(Object.entries(given)), parameters: new Map(parameters) };
}

/** The ARN of a secret, which ends in six characters of its own. */
export function secretArn(accountId: string, region: string, name: string): string {
  return `arn:aws:secretsmanager:${region}:${accountId}:secret:${name}-LoCaL1`;
}

/** Secrets Manager's GetSecretValue. */
export function createSecretsManagerService(store: SecretStore, accountId: string, region: string): AwsService {
  const nameOf = (id: unknown) => String(id).replace(/^arn:.*:secret:(.*)-LoCaL1$/, '$1');
  const arnOf = (id: unknown) => secretArn(accountId, region, nameOf(id));
  return reader('secretsmanager', 'GetSecretValue', {
    resourceOf: ({ SecretId }) => arnOf(SecretId),
    read: ({ SecretId }) => {
      const SecretString = store.secrets.get(nameOf(SecretId));
      return SecretString === undefined
        ? undefined
        : { ARN: arnOf(SecretId), Name: nameOf(SecretId), SecretString, VersionStages: ['AWSCURRENT'] };
    },
    missing: ['ResourceNotFoundException', "Secrets Manager can't find the specified secret."],
  });
}

/** Systems Manager's GetParameter. */
export function createSsmService({ parameters }: SecretStore, accountId: string, region: string): AwsService {
  const arnOf = (name: string) => `arn:aws:ssm:${region}:${accountId}:parameter/${name.replace(/^\//, '')}`;
  return reader('ssm', 'GetParameter', {
    resourceOf: ({ Name }) => arnOf(String(Name)),
    read: ({ Name }) => {
      const found = parameters.get(String(Name));
      return found && { Parameter: { ARN: arnOf(String(Name)), Name, Type: found.type, Value: found.value } };
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
