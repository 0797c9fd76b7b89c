import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, type OptionName, optionNames, options } from './options.ts';

/** Options by name, with the values that a deployment has. */
export type OptionValues = Readonly<Partial<Record<OptionName, Config[OptionName]>>>;

/** The effect of a deployment without the option, for options whose absence takes something away. */
const withoutIt: Readonly<Partial<Record<OptionName, string>>> = {
  domain: 'the domain leaves the stack (its identity stays in SES)',
  mailFromDomain: 'the envelope sender is a domain of SES again',
  backend: 'queues and table are new and empty, and the API keys stay behind in Redis',
  api: 'the API gets another URL, and the old one never comes back',
  apiDomain: 'the host name no longer leads to the API',
  retentionDays: 'emails are kept for the default time again, and older bodies in S3 are deleted',
  logRetentionDays: 'logs are kept for the default time again, and older ones are deleted',
  tasks: 'the functions and queues of your tasks leave the stack, with the runs that wait on them',
  alarmTopicArn: 'nobody is notified of alarms',
  alarmEmail: 'nobody is notified of alarms, and the address must be confirmed again',
};

/** Lists the losses of a deployment without these options, one clause for each that does: `domain: …`. */
export function lossesWithout(values: OptionValues): string[] {
  return optionNames.flatMap((name) =>
    values[name] !== undefined && withoutIt[name] ? [`${name}: ${withoutIt[name]}`] : [],
  );
}

/** The values whose names the others do not have. */
export function without(values: OptionValues, others: Readonly<Record<string, unknown>>): OptionValues {
  return Object.fromEntries(Object.entries(values).filter(([name]) => others[name] === undefined));
}

/**
 * The options that differ from their defaults and come from the CDK's context: `-c` or a file. `stage` is left out: it says
 * which stack is meant. Options that the app's code gives are left out, too: they cannot be forgotten.
 */
export function optionsFromContext(config: Config, context: Readonly<Record<string, unknown>>): OptionValues {
  const names = optionNames.filter(
    (name) =>
      name !== 'stage' &&
      !same(config[name], options[name].default) &&
      same(options[name].parse(context[name]), config[name]),
  );
  return Object.fromEntries(names.map((name) => [name, config[name]]));
}

/** The context of the cdk.json in a directory; undefined where there is none. Throws a SyntaxError if it is not JSON. */
export function contextOfCdkJson(directory: string): Readonly<Record<string, unknown>> | undefined {
  const file = join(directory, 'cdk.json');
  if (!existsSync(file)) return undefined;
  const { context = {} }: { context?: Record<string, unknown> } = JSON.parse(readFileSync(file, 'utf8'));
  return context;
}

/** Options as they are given on the command line: `domain=mail.example.com, tracking=true`. */
export function optionList(values: OptionValues): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}=${value}`)
    .join(', ');
}

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);
