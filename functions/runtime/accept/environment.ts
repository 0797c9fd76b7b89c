import type { Environment } from '../env.ts';

/** The variables have a prefix because the function is the user's: it may have a `TABLE_NAME` of its own. */
const PREFIX = 'SENDOFF_';

/** The variables that a deployment gives to a user's function, under their names there. */
export function withPrefix<T>(variables: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [PREFIX + name, value]));
}

/** The variables that the deployment gave, under the names that its own functions have for them. */
export function withoutPrefix(env: Environment): Environment {
  const given = Object.entries(env).filter(([name]) => name.startsWith(PREFIX));
  return Object.fromEntries(given.map(([name, value]) => [name.slice(PREFIX.length), value]));
}
