import { dirname } from 'node:path';
import { dummyKeys, region } from './aws-clients.ts';

/**
 * The endpoint of all calls of the deploy test, without a slash at its end.
 * Throws if it may not be an emulator: a deploy test must not be able to reach an AWS account.
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

/** This machine, LocalStack's name for it, a private address, or a container's name; never a public address. */
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
 * The environment of every process that the deploy test starts. From this process it has only PATH and LANG; PATH begins with
 * the directory of this Node, because MiniStack starts functions with a plain `node`. It has no profile, key, region, service
 * endpoint or home directory of the person who runs the test.
 */
export function isolatedEnvironment(endpoint: string, scratchDirectory: string): Record<string, string> {
  return {
    PATH: `${dirname(process.execPath)}:${process.env.PATH ?? '/usr/bin:/bin'}`,
    LANG: process.env.LANG ?? 'C.UTF-8',
    HOME: scratchDirectory,
    // Functions are unpacked here and stay here when the emulator is killed.
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
