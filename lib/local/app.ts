import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { packageRoot } from '../package-root.ts';
import { localAccountId } from './cloud/base.ts';

/** Linux takes at most 128 KiB for one variable of the environment. */
const LONGEST_VARIABLE = 100_000;

export interface AppOptions {
  /** The folder with cdk.json, in which the app runs. */
  readonly directory: string;
  /** A command, or the folder of an assembly that is there already; by default `app` in cdk.json. */
  readonly app?: string | undefined;
  /** As `-c name=value` gives it to the CDK; wins over cdk.json. */
  readonly context: Readonly<Record<string, unknown>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A CDK app's output. */
export interface Assembly {
  readonly directory: string;
  /** Deletes it, if it was made for this run. */
  remove(): void;
}

interface CdkJson {
  readonly app?: string;
  readonly build?: string;
  readonly context?: Readonly<Record<string, unknown>>;
}

/**
 * Runs a CDK app as the CDK's CLI does, without its look-ups, into a temporary folder. What it prints goes to standard
 * error. Throws when there is no app, or when it fails.
 */
export async function synthesizeApp({ directory, app: given, context, env }: AppOptions): Promise<Assembly> {
  const cdkJson = readCdkJson(directory);
  const app = given ?? cdkJson.app;
  if (!app)
    throw new Error(
      `There is no CDK app in ${directory}: no cdk.json that names one. Go to its folder, name it with --app "node bin/app.js", or make one with \`sendoff init\`.`,
    );
  const existing = join(directory, app);
  if (existsSync(existing) && statSync(existing).isDirectory()) return { directory: existing, remove: () => {} };
  const outputDirectory = mkdtempSync(join(tmpdir(), 'sendoff-app-'));
  const remove = () => rmSync(outputDirectory, { recursive: true, force: true });
  try {
    const variables = {
      CDK_DEFAULT_ACCOUNT: localAccountId,
      CDK_DEFAULT_REGION: env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1',
      ...env,
      // The Node of this process, whichever the shell would find: `node bin/app.ts` needs one that strips types.
      PATH: [dirname(process.execPath), env.PATH ?? ''].join(delimiter),
      CDK_OUTDIR: outputDirectory,
      // Takes as long as all the rest and changes nothing in the template; `cdk synth` does it.
      CDK_VALIDATION: 'false',
      ...contextVariables(allContext(directory, cdkJson, context), outputDirectory),
    };
    if (cdkJson.build) await run(cdkJson.build, directory, variables);
    await run(app, directory, variables);
    linkSdk(directory, outputDirectory);
    return { directory: outputDirectory, remove };
  } catch (error) {
    remove();
    throw error;
  }
}

/** The packages that Lambda's own Node runtimes have installed, so that NodejsFunction leaves it out of bundles. */
const IN_THE_RUNTIME = ['@aws-sdk', '@smithy'];

/** Lets functions find the AWS SDK from where their code lies, and no other package of the app, as on AWS. */
function linkSdk(directory: string, outputDirectory: string): void {
  for (const scope of IN_THE_RUNTIME) {
    const installed = [directory, packageRoot].map((folder) => installedScope(folder, scope)).find(Boolean);
    if (!installed) continue;
    mkdirSync(join(outputDirectory, 'node_modules'), { recursive: true });
    symlinkSync(installed, join(outputDirectory, 'node_modules', scope), 'junction');
  }
}

function installedScope(directory: string, scope: string): string | undefined {
  const found = join(directory, 'node_modules', scope);
  if (existsSync(found)) return found;
  return directory === dirname(directory) ? undefined : installedScope(dirname(directory), scope);
}

function readCdkJson(directory: string): CdkJson {
  return readJson(join(directory, 'cdk.json')) as CdkJson;
}

/** The context, as the CDK's CLI puts it together: the first to name a value wins, and this list is backwards. */
function allContext(
  directory: string,
  { context = {} }: CdkJson,
  given: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const ofUser = (readJson(join(homedir(), '.cdk.json')) as CdkJson).context;
  const lookedUp = readJson(join(directory, 'cdk.context.json'));
  return { 'aws:cdk:version-reporting': false, ...ofUser, ...context, ...lookedUp, ...given };
}

function contextVariables(context: Record<string, unknown>, directory: string): Record<string, string> {
  const text = JSON.stringify(context);
  if (text.length <= LONGEST_VARIABLE) return { CDK_CONTEXT_JSON: text };
  const file = join(directory, 'sendoff-context.json');
  writeFileSync(file, text);
  return { CDK_CONTEXT_JSON: '{}', CONTEXT_OVERFLOW_LOCATION_ENV: file };
}

function readJson(file: string): object {
  if (!existsSync(file)) return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`${file} is not JSON: ${String(cause)}`, { cause });
  }
}

/** Through a shell, as the CDK's CLI does; standard output is for our own answer. */
function run(command: string, cwd: string, env: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, { cwd, env, shell: true, stdio: ['ignore', 2, 'inherit'] });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`The CDK app failed: \`${command}\` ended with ${signal ?? `exit code ${code}`}.`));
    });
  });
}
