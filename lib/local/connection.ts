import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isCheckout, packageRoot } from '../package-root.ts';
import type { LocalSendoff } from './run.ts';

/** How the CLI reaches what `sendoff start` runs. */
export interface LocalConnection {
  /** The id of the process that runs it. */
  readonly pid: number;
  readonly apiUrl: string;
  readonly inboxUrl: string;
  readonly awsEndpoint: string;
  readonly region: string;
  /** The operator's, who may do everything there. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly outputs: Readonly<Record<string, string>>;
  /** The database with `backend=redis`, unless it is Upstash's: a credential that opens more than this machine is not written down. */
  readonly redis?: { readonly url: string; readonly token: string };
  /** Where its log is written, one JSON object a line. */
  readonly logFile: string;
}

/** The folder of the CDK app: the checkout, or the nearest one above `directory` with a cdk.json, otherwise that itself. */
export function appDirectory(directory = process.cwd()): string {
  if (isCheckout) return packageRoot;
  for (let folder = directory; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'cdk.json'))) return folder;
    if (folder === dirname(folder)) return directory;
  }
}

/** Where the connection stands: in the app's folder, or where SENDOFF_LOCAL_FILE says, so that several can run side by side. */
export function connectionFile(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env.SENDOFF_LOCAL_FILE || join(appDirectory(), '.sendoff', 'local.json');
}

/** How what this process runs is reached. */
export function connectionOf(
  { cloud, redis }: Omit<LocalSendoff, 'apiKey' | 'table'>,
  logFile: string,
): LocalConnection {
  const { apiUrl, inboxUrl, awsEndpoint, region, outputs } = cloud;
  // One by one: the SDK notes in a credentials object where it came from.
  const { accessKeyId, secretAccessKey } = cloud.credentials;
  const credentials = { accessKeyId, secretAccessKey };
  const found = { pid: process.pid, apiUrl, inboxUrl, awsEndpoint, region, credentials, outputs, logFile };
  return redis?.front ? { ...found, redis: { url: redis.url, token: redis.token } } : found;
}

/** Makes a folder for files of this machine alone, which git leaves out. */
export function makeLocalDirectory(directory: string): void {
  if (existsSync(directory)) return;
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, '.gitignore'), '*\n');
}

/** Writes the connection for this user alone: it holds credentials, if only for this machine. */
export function writeConnection(file: string, connection: LocalConnection): void {
  makeLocalDirectory(dirname(file));
  // An existing file would keep its mode.
  rmSync(file, { force: true });
  writeFileSync(file, `${JSON.stringify(connection, null, 2)}\n`, { mode: 0o600 });
}

/** The connection, if what it names still runs: a process that was killed leaves its file behind. */
export function readConnection(file: string): LocalConnection | undefined {
  if (!existsSync(file)) return undefined;
  const connection: LocalConnection = JSON.parse(readFileSync(file, 'utf8'));
  return isRunning(connection.pid) ? connection : undefined;
}

/** Removes the connection, unless another process has put its own there meanwhile. */
export function removeConnection(file: string, pid: number): void {
  if (readConnection(file)?.pid === pid) rmSync(file, { force: true });
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, as another user.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
