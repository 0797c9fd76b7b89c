import { join } from 'node:path';
import { SESClient } from '@aws-sdk/client-ses';
import { SENDER_DOMAIN } from '../flows/sender-domain.ts';
import { clientOptions } from './aws-clients.ts';
import { type Cdk, createCdk } from './cdk.ts';
import { verifyOnly } from './deployed-target.ts';
import { checkEndpoint, isolatedEnvironment } from './emulator-endpoint.ts';
import { startMailServer } from './mail-server.ts';
import type { Mailbox } from './mailbox.ts';
import { freePort, installMiniStack, startMiniStack } from './ministack.ts';
import { adaptToMiniStack } from './ministack-template.ts';
import { print, step } from './progress.ts';
import { createSendoffCli, type SendoffCli } from './sendoff-cli.ts';

/** The port to which a MiniStack of the caller's own must relay mail: start it with `SMTP_HOST=127.0.0.1:2525`. */
const OWN_SMTP_PORT = 2525;

/** An emulator with the CDK's bootstrap stack in it. */
export interface Emulator {
  readonly endpoint: string;
  readonly isLocalStack: boolean;
  readonly mailbox: Mailbox;
  readonly cdk: Cdk;
  readonly sendoff: SendoffCli;
  /** The environment of processes that may only call the emulator. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Opens the emulator at AWS_ENDPOINT_URL, or starts a MiniStack. */
export async function openEmulator(rootDirectory: string, scratchDirectory: string): Promise<Emulator> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer();
  };
  try {
    const { AWS_ENDPOINT_URL } = process.env;
    const file = join(scratchDirectory, 'mail.jsonl');
    const isLocalStack = AWS_ENDPOINT_URL ? await answersAsLocalStack(checkEndpoint(AWS_ENDPOINT_URL)) : false;
    const mailServer = isLocalStack ? undefined : await startMailServer(file, AWS_ENDPOINT_URL ? OWN_SMTP_PORT : 0);
    if (mailServer) closers.push(mailServer.close);
    const endpoint = AWS_ENDPOINT_URL
      ? checkEndpoint(AWS_ENDPOINT_URL)
      : await startOwn(scratchDirectory, mailServer?.port ?? 0, closers);
    const env = isolatedEnvironment(endpoint, scratchDirectory);
    const adapt = isLocalStack ? () => {} : adaptToMiniStack;
    const cdk = createCdk({ rootDirectory, scratchDirectory, env, adapt });
    await step('cdk bootstrap', cdk.bootstrap);
    // Both emulators refuse a sender that is not verified, as SES does.
    await verifyOnly(new SESClient(clientOptions(endpoint)), SENDER_DOMAIN);
    return {
      endpoint,
      isLocalStack,
      mailbox: isLocalStack ? { kind: 'localstack', skip: 0 } : { kind: 'ministack', file, skip: 0 },
      cdk,
      sendoff: createSendoffCli(rootDirectory, env),
      env,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function startOwn(
  scratchDirectory: string,
  smtpPort: number,
  closers: (() => Promise<unknown>)[],
): Promise<string> {
  const python = await step('MiniStack is installed', installMiniStack);
  const port = await freePort();
  const miniStack = await step('MiniStack is up', () => startMiniStack(python, { port, smtpPort, scratchDirectory }));
  closers.push(miniStack.stop);
  print(`        http://127.0.0.1:${port}`);
  return `http://127.0.0.1:${port}`;
}

/** MiniStack also answers LocalStack's health path, so ask for MiniStack's own path first. */
async function answersAsLocalStack(endpoint: string): Promise<boolean> {
  const answers = (path: string) => fetch(endpoint + path).then(({ ok }) => ok);
  return !(await answers('/_ministack/health')) && (await answers('/_localstack/health'));
}
