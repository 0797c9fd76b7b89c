import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { accountId, region } from './aws-clients.ts';
import { run } from './child-process.ts';

/** The CDK's command line on an emulator. */
export interface Cdk {
  bootstrap(): Promise<void>;
  /** Deploys the stack of the sources in this directory with these options, and answers its outputs. */
  deploy(sourceDirectory: string, config: Readonly<Record<string, string>>): Promise<Record<string, string>>;
  /** Removes the stack that was deployed last. */
  destroy(): Promise<void>;
}

/** The CDK of this checkout, for sources of any: it is not the CDK that is tested. */
export function createCdk(options: {
  rootDirectory: string;
  scratchDirectory: string;
  env: Readonly<Record<string, string>>;
}): Cdk {
  const { rootDirectory, scratchDirectory, env } = options;
  const cli = join(rootDirectory, 'node_modules', 'aws-cdk', 'bin', 'cdk');
  const assembly = join(scratchDirectory, 'cdk.out');
  const cdk = (cwd: string, args: readonly string[]) =>
    run(process.execPath, [cli, ...args, '--no-notices'], { cwd, env });
  const flags = (config: Readonly<Record<string, string>>) =>
    Object.entries(config).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    // Away from any cdk.json, whose app the CDK would synthesize for it.
    bootstrap: async () => void (await cdk(scratchDirectory, ['bootstrap', `aws://${accountId}/${region}`])),
    deploy: async (sourceDirectory, config) => {
      const file = join(scratchDirectory, 'outputs.json');
      const args = ['deploy', '--require-approval', 'never', '--outputs-file', file, '--output', assembly];
      await cdk(sourceDirectory, [...args, ...flags(config)]);
      const [outputs] = Object.values(JSON.parse(readFileSync(file, 'utf8')) as Record<string, Record<string, string>>);
      if (!outputs) throw new Error('The stack has no outputs');
      return outputs;
    },
    destroy: async () => void (await cdk(scratchDirectory, ['destroy', '--force', '--all', '--app', assembly])),
  };
}
