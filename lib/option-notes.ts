import { Annotations, type Stack } from 'aws-cdk-lib/core';
import { contextOfCdkJson, lossesWithout, optionList, optionsFromContext, without } from './config/given-options.ts';
import type { Config } from './config.ts';

/**
 * Says at synth which options are in force and where they come from, warns of those that the next deployment may forget, and
 * records the options of the context in the template, where `sendoff doctor` reads them.
 */
export function noteOptions(stack: Stack, config: Config): void {
  const given = optionsFromContext(config, stack.node.getAllContext());
  if (Object.keys(given).length === 0) return;
  const file = contextOfCdkJson(process.cwd()) ?? {};
  const inFile = optionsFromContext(config, file);
  const origins = [
    { values: inFile, origin: 'cdk.json' },
    { values: without(given, inFile), origin: 'command line' },
  ].filter(({ values }) => Object.keys(values).length > 0);
  const list = origins.map(({ values, origin }) => `${optionList(values)} (${origin})`).join('; ');
  Annotations.of(stack).addInfo(`Options: ${list}. All others have their defaults.`);
  const losses = lossesWithout(without(given, file));
  if (losses.length > 0)
    Annotations.of(stack).addWarningV2(
      'sendoff:options-on-command-line',
      `Write these options into "context" of cdk.json. In a deployment without them: ${losses.join('; ')}.`,
    );
  stack.templateOptions.metadata = { ...stack.templateOptions.metadata, Sendoff: { Options: given } };
}
