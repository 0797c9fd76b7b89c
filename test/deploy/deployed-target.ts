import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import {
  DeleteIdentityCommand,
  ListIdentitiesCommand,
  SESClient,
  VerifyDomainIdentityCommand,
} from '@aws-sdk/client-ses';
import type { CaughtMessage, Target } from '../flows/target-interface.ts';
import { clientOptions } from './aws-clients.ts';
import { openBacking } from './backing.ts';
import type { BackingPlace } from './backing-interface.ts';
import { logsOf } from './logs.ts';
import { type Mailbox, readMail } from './mailbox.ts';
import { until } from './until.ts';

/** Longer than the visibility timeout of the variant that changes it: an update under load may kill a function with its jobs. */
const IDLE_WITHIN_MS = 450_000;

/** A stack on an emulator, with everything by which the end-to-end suite, another process, finds it. */
export interface Deployment extends BackingPlace {
  /** The API's URL from this machine. */
  readonly url: string;
  readonly apiKey: string;
  readonly mailbox: Mailbox;
}

/** A deployed stack as the target of the end-to-end suite. */
export function connectDeployed(deployment: Deployment): Target {
  const { endpoint, url, apiKey, outputs, mailbox } = deployment;
  const { table, jobsLeft } = openBacking(deployment);
  const options = clientOptions(endpoint);
  const lambda = new LambdaClient(options);
  const ses = new SESClient(options);
  const caught = async (emailId: string) => {
    const response = await fetch(`${url}/emails/${emailId}`, { headers: { authorization: `Bearer ${apiKey}` } });
    const { subject } = (await response.json()) as { subject?: string };
    if (subject === undefined) throw new Error(`Email ${emailId} cannot be read: ${response.status}`);
    return (await readMail(endpoint, mailbox)).filter((message) => subjectOf(message) === subject);
  };
  return {
    url,
    publicUrl: outputs.ApiUrl ?? '',
    apiKey,
    table,
    publishesEvents: false,
    caught,
    idle: () => until('no job is left', async () => (await jobsLeft()) === 0, IDLE_WITHIN_MS),
    runSchedule: async () => {
      const { Payload } = await lambda.send(
        new InvokeCommand({ FunctionName: outputs.ScheduleFunctionName ?? outputs.RedisWatchdogFunctionName }),
      );
      return JSON.parse(Payload?.transformToString() ?? 'null');
    },
    setVerifiedDomain: (domain) => verifyOnly(ses, domain),
    setSendRate: async () => {
      throw new Error('Only the local cloud throttles as SES does');
    },
    logs: () => logsOf(endpoint, outputs),
    close: async () => {},
  };
}

/** Makes this domain the only verified one. */
export async function verifyOnly(ses: SESClient, domain: string): Promise<void> {
  const { Identities = [] } = await ses.send(new ListIdentitiesCommand({}));
  for (const Identity of Identities.filter((identity) => identity !== domain))
    await ses.send(new DeleteIdentityCommand({ Identity }));
  await ses.send(new VerifyDomainIdentityCommand({ Domain: domain }));
}

/** The decoded subject of a message. */
export function subjectOf({ raw }: Pick<CaughtMessage, 'raw'>): string {
  const [head = ''] = raw.split('\r\n\r\n', 1);
  const [, folded = ''] = /^Subject: (.*(?:\r\n[ \t].*)*)/im.exec(head) ?? [];
  return folded
    .replace(/\r\n(?=[ \t])/g, '')
    .replace(/\?=[ \t]+=\?/g, '?==?')
    .replace(/=\?utf-8\?([bq])\?([^?]*)\?=/gi, (_, encoding: string, text: string) => decodeWord(encoding, text));
}

function decodeWord(encoding: string, text: string): string {
  if (encoding.toLowerCase() === 'b') return Buffer.from(text, 'base64').toString();
  const bytes = text
    .replaceAll('_', ' ')
    .replace(/=([0-9A-F]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString();
}
