import { createHash } from 'node:crypto';
import { secretArn } from '../aws/secrets.ts';
import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';

type Generated = {
  PasswordLength?: number;
  SecretStringTemplate?: string;
  GenerateStringKey?: string;
  ExcludeCharacters?: string;
  ExcludeNumbers?: boolean;
  ExcludePunctuation?: boolean;
  ExcludeUppercase?: boolean;
  ExcludeLowercase?: boolean;
};
type Properties = { Name?: string; SecretString?: string; GenerateSecretString?: Generated };

/** AWS::SecretsManager::Secret; a value given to the cloud under its name wins over the template's. */
export function secretsManagerSecret(context: ResourceContext): CreateResource {
  return ({ logicalId, properties }) => {
    const { Name, SecretString, GenerateSecretString = {} } = properties as Properties;
    const name = Name ?? physicalName(context, logicalId);
    const { secrets } = context.secretStore;
    if (!secrets.has(name)) secrets.set(name, SecretString ?? generate(name, GenerateSecretString));
    const arn = secretArn(context.accountId, context.region, name);
    return { ref: arn, attributes: { Id: arn } };
  };
}

function generate(seed: string, options: Generated): string {
  const password = generatePassword(seed, options);
  if (options.GenerateStringKey === undefined) return password;
  const template = JSON.parse(options.SecretStringTemplate ?? '{}') as Record<string, unknown>;
  return JSON.stringify({ ...template, [options.GenerateStringKey]: password });
}

/** The same at every start, since data of an earlier run may depend on it. */
function generatePassword(seed: string, options: Generated): string {
  const characters = [
    options.ExcludeLowercase ? '' : 'abcdefghijklmnopqrstuvwxyz',
    options.ExcludeUppercase ? '' : 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    options.ExcludeNumbers ? '' : '0123456789',
    options.ExcludePunctuation ? '' : '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
  ];
  const allowed = [...characters.join('')].filter((character) => !options.ExcludeCharacters?.includes(character));
  const lengthWanted = Number(options.PasswordLength ?? 32);
  const bytes = createHash('shake256', { outputLength: lengthWanted }).update(seed).digest();
  return [...bytes].map((byte) => allowed[byte % allowed.length]).join('');
}
