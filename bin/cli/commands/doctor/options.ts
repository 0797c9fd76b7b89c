import {
  contextOfCdkJson,
  lossesWithout,
  type OptionValues,
  optionList,
  without,
} from '../../../../lib/config/given-options.ts';
import type { Deployment } from '../../deployment.ts';
import type { Check } from './finding.ts';

/** Compares the options that the deployed stack was given with the cdk.json of this folder. */
export const deployedOptions: Check = {
  name: 'options',
  alsoLocal: false,
  examine: async ({ deployment }) => {
    const context = contextOfCdkJson(process.cwd());
    if (!context) return [];
    const forgettable = without(await recorded(deployment), context);
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
  },
};

/** The options in the template's metadata; none if the app's code gave them or the stack is of an earlier version. */
async function recorded({ stackName, aws }: Deployment): Promise<OptionValues> {
  const { CloudFormationClient, GetTemplateSummaryCommand } = await import('@aws-sdk/client-cloudformation');
  const { Metadata = '{}' } = await new CloudFormationClient(aws).send(
    new GetTemplateSummaryCommand({ StackName: stackName }),
  );
  const { Sendoff }: { Sendoff?: { Options?: OptionValues } } = JSON.parse(Metadata);
  return Sendoff?.Options ?? {};
}
