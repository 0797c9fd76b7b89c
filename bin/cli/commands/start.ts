import { dirname, join } from 'node:path';
import { synthesizeApp } from '../../../lib/local/app.ts';
import { chooseStack, readAssembly } from '../../../lib/local/assembly.ts';
import { formatEvent, type LocalEvent } from '../../../lib/local/cloud/log.ts';
import { CannotRunError } from '../../../lib/local/cloud/stack.ts';
import {
  appDirectory,
  connectionFile,
  connectionOf,
  makeLocalDirectory,
  removeConnection,
  writeConnection,
} from '../../../lib/local/connection.ts';
import { openLogFile } from '../../../lib/local/log-file.ts';
import { type LocalSendoff, runSendoff } from '../../../lib/local/run.ts';
import { localConfig } from '../../../lib/local/secret.ts';
import { watchTasks } from '../../../lib/local/watch-tasks.ts';
import type { GlobalOptions } from '../context.ts';
import { CliError, usageError } from '../errors.ts';
import type { Terminal } from '../terminal.ts';

export interface StartOptions extends GlobalOptions {
  readonly port: number;
  readonly host?: readonly string[];
  readonly data?: string;
  readonly app?: string;
  readonly backend?: string;
  readonly context?: readonly string[];
  readonly sendoff?: string;
  readonly skipUnknown?: boolean;
  readonly sesRate?: number;
  readonly sesQuota?: number;
  readonly sesSandbox?: boolean;
  readonly sesLatency?: number;
  readonly verified?: string;
  readonly lambdaConcurrency?: number;
  readonly relay?: { readonly host: string; readonly port: number };
  readonly verbose?: boolean;
}

/** The output when it is ready. */
interface Ready {
  readonly url: string;
  readonly apiKey: string;
  readonly inbox: string;
  /** The web console, with the key to sign in; absent without the option `console`. */
  readonly console?: string;
  /** The outputs of the stack, other than Sendoff's. */
  readonly outputs?: Readonly<Record<string, string>>;
}

/** Events that happen once, at start; they are of interest only to those who work on the stack. */
const SET_UP = { created: true, 'no-local-behaviour': true, override: true };

/** `start`: runs a CDK app's own stack on the local cloud until Ctrl-C. */
export async function start(terminal: Terminal, options: StartOptions): Promise<void> {
  const startedAtMs = Date.now();
  const file = connectionFile(terminal.env);
  const logFile = join(dirname(file), 'local.log');
  makeLocalDirectory(dirname(file));
  const log = openLogFile(logFile);
  const started = await run(terminal, options, (event) => {
    log.write(event);
    if (options.verbose || !(event.kind in SET_UP)) terminal.note(formatEvent(event));
  });
  // Before anything tells others that it runs: they may end it at once.
  const signal = stopped();
  // `sendoff --local` finds this cloud by it.
  writeConnection(file, connectionOf(started, logFile));
  const { cloud, apiKey, appOutputs } = started;
  const outputs = Object.keys(appOutputs).length > 0 ? { outputs: appOutputs } : {};
  // After `#`, as a browser does not send that to the server.
  const console = started.servesConsole ? { console: `${cloud.apiUrl}/console#key=${apiKey}` } : {};
  const ready: Ready = { url: cloud.apiUrl, apiKey, inbox: cloud.inboxUrl, ...console, ...outputs };
  terminal.out(options.json ? JSON.stringify(ready) : greeting(ready, Date.now() - startedAtMs));
  await signal;
  removeConnection(file, process.pid);
  await cloud.close();
  await log.close();
}

/** Synthesizes the app and starts its stack. */
async function run(
  terminal: Terminal,
  options: StartOptions,
  log: (event: LocalEvent) => void,
): Promise<LocalSendoff & { close(): Promise<void> }> {
  const directory = appDirectory();
  const assembly = await synthesizeApp({ directory, app: options.app, context: contextOf(options), env: terminal.env });
  try {
    const stacks = readAssembly(assembly.directory);
    const { template, region, assemblyDirectory } = chooseStack(stacks, options.stack);
    const started = await runSendoff({
      template,
      assetDirectory: assemblyDirectory,
      ...defined('region', region),
      ...defined('sendoff', options.sendoff),
      ...defined('dataDirectory', options.data),
      ...defined('lambdaConcurrency', options.lambdaConcurrency),
      port: options.port,
      hosts: options.host ?? [],
      skipUnknown: options.skipUnknown ?? false,
      ses: {
        ...defined('sendRatePerSecond', options.sesRate),
        ...defined('maxSend24Hours', options.sesQuota),
        ...defined('sandbox', options.sesSandbox),
        ...defined('latencyMs', options.sesLatency),
        ...defined('verifiedIdentities', options.verified?.split(',')),
        ...defined('relay', options.relay),
      },
      log,
    });
    const { cloud } = started;
    const unwatch = watchTasks({ template, directory, cloud, say: terminal.note });
    const close = async () => {
      await started.cloud.close();
      unwatch?.();
      assembly.remove();
    };
    return { ...started, cloud: { ...started.cloud, close }, close };
  } catch (error) {
    assembly.remove();
    if (!(error instanceof CannotRunError)) throw error;
    throw new CliError(`${error.message} Start with --skip-unknown to leave such resources out.`, undefined, {
      cause: error,
    });
  }
}

function contextOf({ backend, stage, context = [] }: StartOptions): Readonly<Record<string, unknown>> {
  return localConfig({
    ...defined('backend', backend),
    ...defined('stage', stage),
    ...Object.fromEntries(context.map(splitOption)),
  });
}

function splitOption(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw usageError(`-c takes name=value, not ${JSON.stringify(text)}`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** A signal so soon after another is the same one: npm passes on what the terminal has sent to the whole group. */
const SAME_SIGNAL_MS = 1_000;

/** Resolves at Ctrl-C, or when the process is told to end; the second time, the process ends at once. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    let firstAtMs: number | undefined;
    const onSignal = () => {
      if (firstAtMs !== undefined && Date.now() - firstAtMs > SAME_SIGNAL_MS) process.exit(1);
      firstAtMs ??= Date.now();
      resolve();
    };
    process.on('SIGINT', onSignal);
    process.on('SIGTERM', onSignal);
  });
}

function greeting({ url, apiKey, inbox, console, outputs = {} }: Ready, tookMs: number): string {
  const others = Object.entries(outputs).map(([name, value]) => `  ${name.padEnd(9)}  ${value}\n`);
  return `
Sendoff is running (ready in ${(tookMs / 1000).toFixed(1)} s). Ctrl-C stops it.

  API        ${url}
  API key    ${apiKey}
  Inbox      ${inbox}
${console ? `  Console    ${console}\n` : ''}${others.join('')}
Send an email:

  curl ${url}/emails -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' \\
    -d '{"from":"Me <me@example.com>","to":"you@example.com","subject":"Hello","html":"<p>Sent off.</p>"}'
`;
}

function defined<Name extends string, T>(name: Name, value: T | undefined): { [K in Name]?: T } {
  return value === undefined ? {} : ({ [name]: value } as { [K in Name]?: T });
}
