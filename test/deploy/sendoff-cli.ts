import { join } from 'node:path';
import { run } from './child-process.ts';

/** Runs `npx sendoff …` on a deployed stack and returns its output; throws if it fails. */
export type SendoffCli = (config: Readonly<Record<string, string>>, ...args: string[]) => Promise<string>;

/** The operator's commands of this checkout; they find the stack in the emulator. */
export function createSendoffCli(rootDirectory: string, env: Readonly<Record<string, string>>): SendoffCli {
  const cli = join(rootDirectory, 'bin', 'cli.ts');
  return ({ stage }, ...args) => {
    const options = stage === undefined ? [] : ['--stage', stage];
    return run(process.execPath, [cli, ...options, '--json', ...args], { cwd: rootDirectory, env });
  };
}

/** Creates the first API key of a deployment with the CLI. */
export async function firstKey(sendoff: SendoffCli, config: Readonly<Record<string, string>>): Promise<string> {
  const output = await sendoff(config, 'keys', 'create', 'deploy test');
  const [, token] = /"token":\s*"([^"]+)"/.exec(output) ?? [];
  if (!token) throw new Error(`keys create wrote no token:\n${output}`);
  return token;
}
