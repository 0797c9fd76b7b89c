import { join } from 'node:path';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { SendoffStack } from '../../lib/sendoff-stack.ts';
import { addAcceptingFunction } from '../helpers/accepting-function.ts';
import type { CallerEvent } from './caller-function.ts';
import { succeeded } from './own-tasks.ts';
import type { Visit } from './visit.ts';

const NAME = 'CallerFunction';

/** Adds a function of the user with `grantAccept`; its role is named as those of Sendoff's functions are. */
export function addCaller(stack: SendoffStack): void {
  const assumedBy = new ServicePrincipal('lambda.amazonaws.com');
  const role = new Role(stack, `Sendoff${NAME}Role`, { assumedBy });
  const entry = join(import.meta.dirname, 'caller-function.ts');
  addAcceptingFunction(stack, NAME, { mail: stack.sendoff, entry, role });
}

const invoke = async ({ cloud }: Visit['local'], event: CallerEvent): Promise<readonly string[]> => {
  const { payload, error } = await cloud.function(NAME).invoke(event);
  if (error) throw new Error(`the caller failed: ${error.errorMessage}`);
  return payload as readonly string[];
};

/** The caller accepts emails, small and large, of each kind, and calls tasks: one by one, in a group and in a chain. */
export async function acceptWithoutHttp({ ask, local }: Visit): Promise<void> {
  const { id: topic } = await ask('POST', '/topics', { name: 'Of a function', default_subscription: 'opt_in' });
  const template = 'of-a-function';
  const { id } = await ask('POST', '/templates', { name: 'Of a function', alias: template, html: '<p>Hello</p>' });
  await ask('POST', `/templates/${id}/publish`);
  // On Redis it invokes consumers, if none is at work.
  await local.cloud.idle();
  const before = local.cloud.ses.sentCount;
  for (const run of await invoke(local, { kind: 'everything', topic, template })) await succeeded({ ask }, run);
  await local.cloud.idle();
  const sent = local.cloud.ses.sentCount - before;
  if (sent !== 6) throw new Error(`${sent} of 6 emails were sent`);
}

/** The queues refuse the caller's jobs, so that their records are deleted. */
export async function failWithoutHttp({ local }: Visit): Promise<void> {
  const refused = local.cloud.faults.add({
    service: 'sqs',
    action: '*',
    functionName: NAME,
    match: (body) => body.includes('MessageBody'),
    times: 2,
    when: 'before',
    effect: { kind: 'error', status: 400, code: 'InvalidMessageContents', message: 'refused' },
  });
  const ends = await invoke(local, { kind: 'refused' });
  if (refused.hits !== 2 || ends.includes('fulfilled')) throw new Error(`${refused.hits} of 2 jobs were refused`);
}
