import { connectDeployed, type Deployment } from './deployed-target.ts';
import type { Emulator } from './emulator.ts';
import { reachableUrl, setClocksAhead, setWorking, shortenTimes } from './live.ts';
import { step } from './progress.ts';
import { firstKey } from './sendoff-cli.ts';
import { AHEAD_SECONDS, checkBacklog, checkLater, fill } from './upgrade-mail.ts';

const config = { stage: 'upgrade' };

/** Deploys the previous release, fills it with emails, updates it to this release and checks that this one sends them. */
export async function upgradeDeployed(
  emulator: Emulator,
  { previousDirectory, currentDirectory }: { previousDirectory: string; currentDirectory: string },
): Promise<void> {
  const { endpoint, cdk } = emulator;
  const deploy = async (directory: string): Promise<Deployment> => {
    const outputs = await cdk.deploy(directory, config);
    const url = reachableUrl(endpoint, outputs, emulator.isLocalStack);
    return { endpoint, url, outputs, apiKey: '', mailbox: emulator.mailbox };
  };
  const previous = await step('cdk deploy of the previous release', () => deploy(previousDirectory));
  const apiKey = await firstKey(emulator.sendoff, config);
  const holdBack = () => setWorking(endpoint, previous.outputs, false);
  const backlog = await step('it gets a backlog of emails', () => fill({ url: previous.url, apiKey }, holdBack));
  const { outputs, url } = await step('cdk deploy of this release', () => deploy(currentDirectory));
  const target = connectDeployed({ ...previous, outputs, url, apiKey });
  await shortenTimes(endpoint, outputs);
  await setWorking(endpoint, outputs, true);
  await step('it sends the backlog', () => checkBacklog(target, backlog), String);
  await setClocksAhead(endpoint, outputs, AHEAD_SECONDS);
  await step('it sends emails that are due later', () => checkLater(target, backlog));
  await step('cdk destroy', () => cdk.destroy(config));
}
