import { openStored } from '../../bin/cli/stored.ts';
import { startReceiver } from '../../flows/receiver.ts';
import type { EmptyDeployment } from '../empty-deployment.ts';
import { until } from '../until.ts';

/** Tasks, webhooks and the like, which an operator sees beside emails. */
export interface OperationContents {
  readonly succeeded: string;
  readonly failed: string;
  readonly webhook: string;
}

/** Makes webhook endpoints (one that refuses), suppressions, keys and dead letters. Before the emails, whose events are sent there. */
export async function fillOperations(deployment: EmptyDeployment): Promise<Pick<OperationContents, 'webhook'>> {
  const { request } = deployment;
  const receiver = await startReceiver();
  deployment.onClose(receiver.close);
  const events = ['email.sent', 'email.delivered', 'email.bounced', 'email.complained'];
  const { json } = await request('POST', '/webhooks', { endpoint: `${receiver.url}/hooks`, events });
  await Promise.all([
    request('POST', '/webhooks', { endpoint: `${receiver.url}/archive`, events: ['contact.created'] }),
    request('POST', '/suppressions', { email: 'left@example.org' }),
    request('POST', '/api-keys', { name: 'Shop', permission: 'sending_access' }),
    request('POST', '/api-keys', { name: 'Dashboard', permission: 'read_access' }),
  ]);
  return { webhook: json.id };
}

/** Buries jobs: one that can be done, of an email that there is; one whose task there is not; one that is none. */
export async function fillDeadLetters(deployment: EmptyDeployment, email: string): Promise<void> {
  const stored = openStored(deployment);
  await stored.bury(
    JSON.stringify({ task: 'email.send', args: { id: email, fingerprint: '' }, attempt: 1 }),
    'transactional',
  );
  await stored.bury('{"task":"nothing.knows","args":{"id":"1"},"attempt":3}');
  await stored.bury('not a job');
}

/** Runs tasks: two that succeed, two that fail. */
export async function fillRuns({ request }: EmptyDeployment): Promise<Pick<OperationContents, 'succeeded' | 'failed'>> {
  const call = async (task: string, args: object): Promise<string> =>
    (await request('POST', `/tasks/${task}`, { args })).json.id;
  const [succeeded = '', failed = ''] = await Promise.all([
    call('report.monthly', { month: '2026-10' }),
    call('invoice.charge', { invoice: 'INV-7' }),
    call('report.monthly', { month: '2026-11' }),
    call('invoice.charge', { invoice: 'INV-8' }),
  ]);
  for (const id of [succeeded, failed]) await until(async () => (await request('GET', `/runs/${id}`)).json.finished_at);
  return { succeeded, failed };
}
