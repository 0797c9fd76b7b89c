import { nearest } from '../functions/core/validate.ts';
import { contradictionIn } from './config/contradictions.ts';
import type { Option } from './config/option.ts';
import { type Config, type OptionName, optionNames, options } from './config/options.ts';

export type { Config, OptionName } from './config/options.ts';

/** An option that is not known or whose value is not allowed. Its message is for the person who gave it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** Option values before they are checked: strings from the command line, JSON from cdk.json, or the construct's props. */
export type GivenOptions = Readonly<Record<string, unknown>>;

/** Names that options had in version 0.1. They are still read. */
export type RenamedOptions = {
  /** @deprecated Renamed to `maxConsumers` in version 0.2. */
  readonly maxDrainers?: number;
};
const renamed: Readonly<Record<keyof RenamedOptions, OptionName>> = { maxDrainers: 'maxConsumers' };

/**
 * Checks the options given and fills in the defaults of the others.
 * Throws a ConfigError that names the option, the value and what is allowed, or for an unknown option the nearest known one.
 */
export function parseConfig(givenOptions: GivenOptions): Config {
  const given = withNewNames(givenOptions);
  for (const name of Object.keys(given)) refuseUnknown(name);
  const config = Object.fromEntries(optionNames.map((name) => [name, parseOption(name, given[name])])) as Config;
  const contradiction = contradictionIn(config);
  if (contradiction) throw new ConfigError(contradiction);
  return config;
}

/**
 * Parses the options among the values of a CDK context (`-c name=value` or cdk.json).
 * The CDK keeps its own values there under names with a colon, a slash or an @; option names have none of these.
 */
export function configFromContext(context: GivenOptions): Config {
  return parseConfig(Object.fromEntries(Object.entries(context).filter(([name]) => !/[:/@]/.test(name))));
}

/** The table of options as Markdown, for the documentation. */
export function optionsTable(): string {
  const rows = optionNames.map((name) => {
    const { type, range, meaning, default: fallback } = options[name];
    return `| \`${name}\` | ${type} | ${formatDefault(fallback)} | ${range} | ${meaning} |`;
  });
  return ['| option | type | default | allowed | meaning |', '|---|---|---|---|---|', ...rows].join('\n');
}

function withNewNames(given: GivenOptions): GivenOptions {
  const named = { ...given };
  for (const [oldName, name] of Object.entries(renamed)) {
    delete named[oldName];
    if (given[oldName] === undefined) continue;
    if (given[name] !== undefined)
      throw new ConfigError(`Option '${oldName}' is the old name of '${name}': give '${name}' alone.`);
    named[name] = given[oldName];
  }
  return named;
}

function refuseUnknown(name: string): void {
  if (Object.hasOwn(options, name)) return;
  const suggestion = nearest(name, optionNames);
  throw new ConfigError(
    `Unknown option '${name}'. ${suggestion ? `Did you mean '${suggestion}'?` : `Options: ${optionNames.join(', ')}.`}`,
  );
}

function parseOption(name: OptionName, value: unknown): Config[OptionName] {
  const option: Option<Config[OptionName]> = options[name];
  if (value === undefined) return option.default;
  const parsed = option.parse(value);
  if (parsed === undefined)
    throw new ConfigError(`Option '${name}' is ${JSON.stringify(value)}; allowed: ${option.range}.`);
  return parsed;
}

function formatDefault(value: Config[OptionName]): string {
  return value === undefined || value === '' || (Array.isArray(value) && value.length === 0)
    ? 'none'
    : `\`${String(value)}\``;
}
