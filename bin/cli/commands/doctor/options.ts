import {
  contextOfCdkJson,
  lossesWithout,
  type OptionValues,
  optionList,
  without,
} from '../../../../lib/config/given-options.ts';
import { options } from '../../../../lib/config/options.ts';
import { STACK_DESCRIPTION } from '../../../../lib/stack-name.ts';
import type { Deployment } from '../../deployment.ts';
import type { Check, Finding } from './finding.ts';
import { lambdaOf } from './lambda.ts';

/** Compares the options that the deployed stack was given with the cdk.json of this folder. */
export const deployedOptions: Check = {
  name: 'options',
  alsoLocal: false,
  examine: async ({ deployment }) => {
    const context = contextOfCdkJson(process.cwd());
    if (!context) return [];
    const { given, isOwnStack } = await recorded(deployment);
    const shorter = isOwnStack && given.retentionDays === undefined ? await retention(deployment, context) : [];
    return [...shorter, ...forgotten(without(given, context))];
  },
};

function forgotten(forgettable: OptionValues): Finding[] {
  const losses = lossesWithout(forgettable);
  if (losses.length === 0) return [];
  return [
    {
      check: 'options',
      level: 'warning',
      text: `deployed with ${optionList(forgettable)}, which cdk.json of this folder does not have`,
      advice: `write them into its "context". A deployment without them: ${losses.join('; ')}`,
    },
  ];
}

/** The default was 90 days in version 0.1: nobody has chosen it, so nothing else says that the next deployment deletes bodies. */
async function retention(deployment: Deployment, context: Readonly<Record<string, unknown>>): Promise<Finding[]> {
  const { ApiFunctionName } = deployment.outputs;
  if (!ApiFunctionName) return [];
  const deployedDays = Number((await lambdaOf(deployment).variables(ApiFunctionName)).RETENTION_DAYS);
  const option = options.retentionDays;
  const retentionDays = option.parse(context.retentionDays) ?? option.default;
  if (!(deployedDays > retentionDays)) return [];
  return [
    {
      check: 'options',
      level: 'warning',
      text: `emails are kept for ${deployedDays} days; with cdk.json of this folder the next deployment keeps them for ${retentionDays}`,
      advice: `to keep them longer, write "retentionDays": ${deployedDays} into its "context" before you deploy. Otherwise S3 deletes bodies that are older, within a day or two; records that exist keep their time`,
    },
  ];
}

/** The options in the template's metadata; none if the app's code gave them or the stack is of an earlier version. */
async function recorded({
  stackName,
  aws,
}: Deployment): Promise<{ readonly given: OptionValues; readonly isOwnStack: boolean }> {
  const { CloudFormationClient, GetTemplateSummaryCommand } = await import('@aws-sdk/client-cloudformation');
  const { Metadata = '{}', Description } = await new CloudFormationClient(aws).send(
    new GetTemplateSummaryCommand({ StackName: stackName }),
  );
  const { Sendoff }: { Sendoff?: { Options?: OptionValues } } = JSON.parse(Metadata);
  return { given: Sendoff?.Options ?? {}, isOwnStack: Description === STACK_DESCRIPTION };
}
