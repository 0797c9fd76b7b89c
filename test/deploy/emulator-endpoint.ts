import { dirname } from 'node:path';
import { dummyKeys, region } from './aws-clients.ts';

/**
 * The endpoint that everything of the deploy test speaks to, without a slash at its end.
 * Throws unless it is an emulator's: a deploy test must not be able to reach an AWS account.
 */
export function checkEndpoint(text: string): string {
  if (!URL.canParse(text)) throw new Error(`AWS_ENDPOINT_URL is not a URL: ${JSON.stringify(text)}`);
  const { protocol, hostname, origin, pathname } = new URL(text);
  if (!/^https?:$/.test(protocol) || pathname !== '/')
    throw new Error(`AWS_ENDPOINT_URL must be an http or https URL without a path, not ${text}`);
  if (!isEmulatorHost(hostname))
    throw new Error(
      `AWS_ENDPOINT_URL is ${text}: the deploy test speaks to an emulator on this machine or in its container network only`,
    );
  return origin;
}

/** This machine, LocalStack's name for it, a private address, or a bare name as containers have: nothing of the public Internet. */
function isEmulatorHost(hostname: string): boolean {
  return [
    /^(.+\.)?localhost$/,
    /^(.+\.)?localhost\.localstack\.cloud$/,
    /^127(\.\d{1,3}){3}$/,
    /^\[::1\]$/,
    /^10(\.\d{1,3}){3}$/,
    /^192\.168(\.\d{1,3}){2}$/,
    /^172\.(1[6-9]|2\d|3[01])(\.\d{1,3}){2}$/,
    /^[a-z0-9_-]+$/,
  ].some((pattern) => pattern.test(hostname));
}

/**
 * The environment of every process that the deploy test starts: of ours nothing but the PATH (with the Node that runs
 * this, first, for MiniStack starts functions with a plain `node`) and what the locale and proxies need. No profile, key,
 * region or service endpoint of the person who runs it is in it, nor is their home directory.
 */
export function isolatedEnvironment(endpoint: string, scratchDirectory: string): Record<string, string> {
  return {
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? '/usr/bin:/bin'}`,
    LANG: process.env.LANG ?? 'C.UTF-8',
    HOME: scratchDirectory,
    // Functions are unpacked here, and are left behind when the emulator is killed.
    TMPDIR: scratchDirectory,
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: dummyKeys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: dummyKeys.secretAccessKey,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    CDK_DISABLE_CLI_TELEMETRY: '1',
  };
}
