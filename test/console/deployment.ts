import { afterAll, beforeAll } from 'vitest';
import { startLocalSendoff } from '../../lib/local/start.ts';
import { requester } from '../flows/request.ts';
import { shortBatching } from '../helpers/short-batching.ts';
import { backend } from './backend.ts';
import { type AudienceContents, fillAudience } from './contents/audience.ts';
import { type EmailContents, fillEmails } from './contents/emails.ts';
import { fillMassMail, type MassMailContents } from './contents/mass-mail.ts';
import { fillDeadLetters, fillOperations, fillRuns, type OperationContents } from './contents/operations.ts';
import type { EmptyDeployment } from './empty-deployment.ts';

/** The ids of what a test opens. */
export interface Contents {
  readonly emails: EmailContents;
  readonly audience: AudienceContents;
  readonly massMail: MassMailContents;
  readonly operations: OperationContents;
}

/** Sendoff with contents of every kind. */
export type Deployment = EmptyDeployment & Contents;

const TASKS = new URL('contents/tasks.ts', import.meta.url).pathname;

/** Starts a deployment before the tests of a file, and stops it after them. */
export function runningDeployment(isWanted: boolean): Deployment {
  const deployment = {} as Deployment;
  let close: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    if (!isWanted) return;
    const started = await startDeployment();
    close = started.close;
    Object.assign(deployment, started.deployment);
  }, 400_000);
  afterAll(() => close?.());
  return deployment;
}

/** Starts a deployment on this backend, and fills it. */
export async function startDeployment(): Promise<{ deployment: Deployment; close(): Promise<void> }> {
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closeOne of closers) await closeOne();
  };
  const local = await startLocalSendoff({ config: { backend, tasks: TASKS }, overrides: shortBatching });
  closers.push(local.cloud.close);
  const request = requester(local.cloud.apiUrl, local.apiKey);
  const started = {
    ...local,
    request,
    make: async (path: string, body: object = {}): Promise<string> => {
      const { status, json } = await request('POST', path, body);
      if (status >= 300) throw new Error(`${path}: ${JSON.stringify(json)}`);
      return json.id;
    },
    consoleUrl: `${local.cloud.apiUrl}/console`,
    onClose: (closeOne: () => Promise<void>) => void closers.unshift(closeOne),
  };
  try {
    return { deployment: { ...started, ...(await fill(started)) }, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function fill(empty: EmptyDeployment): Promise<Contents> {
  const webhook = await fillOperations(empty);
  const [emails, audience, runs] = await Promise.all([fillEmails(empty), fillAudience(empty), fillRuns(empty)]);
  const massMail = await fillMassMail(empty, audience.segment);
  await fillDeadLetters(empty, emails.delivered);
  return { emails, audience, massMail, operations: { ...webhook, ...runs } };
}
