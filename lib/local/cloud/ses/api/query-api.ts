import { randomUUID } from 'node:crypto';
import {
  getAccountSendingEnabled,
  getSendQuota,
  getSendStatistics,
  updateAccountSendingEnabled,
} from './account-actions.ts';
import { describeConfigurationSet, updateConfigurationSetSendingEnabled } from './configuration-set-actions.ts';
import {
  getIdentityDkimAttributes,
  getIdentityMailFromDomainAttributes,
  getIdentityVerificationAttributes,
  listIdentities,
  verifyEmailIdentity,
} from './identity-actions.ts';
import { sendRawEmail } from './send-raw-email.ts';
import type { SesAction, SesActionContext } from './ses-action.ts';
import { failureOf, SesError } from './ses-error.ts';
import { errorXml, resultXml } from './xml.ts';

/** An HTTP answer of the Query API. */
export type QueryAnswer = { status: number; body: string; contentType: string };

const actions = new Map<string, SesAction>([
  ['SendRawEmail', sendRawEmail],
  ['GetSendQuota', getSendQuota],
  ['GetSendStatistics', getSendStatistics],
  ['GetAccountSendingEnabled', getAccountSendingEnabled],
  ['UpdateAccountSendingEnabled', updateAccountSendingEnabled],
  ['ListIdentities', listIdentities],
  ['VerifyEmailIdentity', verifyEmailIdentity],
  ['GetIdentityVerificationAttributes', getIdentityVerificationAttributes],
  ['GetIdentityDkimAttributes', getIdentityDkimAttributes],
  ['GetIdentityMailFromDomainAttributes', getIdentityMailFromDomainAttributes],
  ['DescribeConfigurationSet', describeConfigurationSet],
  ['UpdateConfigurationSetSendingEnabled', updateConfigurationSetSendingEnabled],
]);

/** Runs one action and renders its result or its refusal; an unexpected error is logged and answered as 500. */
export async function answerQuery(
  params: URLSearchParams,
  context: SesActionContext,
  log: (line: string) => void,
): Promise<QueryAnswer> {
  const requestId = randomUUID();
  const name = params.get('Action') ?? '';
  try {
    const result = await actionOf(name)(params, context);
    return answer(200, resultXml(name, result, requestId));
  } catch (cause) {
    if (!(cause instanceof SesError)) log(`local SES: ${name} failed: ${cause instanceof Error ? cause.stack : cause}`);
    const error = cause instanceof SesError ? cause : failureOf('InternalFailure');
    return answer(error.status, errorXml(error, requestId));
  }
}

function actionOf(name: string): SesAction {
  const action = actions.get(name);
  if (action) return action;
  throw new SesError(
    'InvalidAction',
    `Could not find operation ${name} for version 2010-12-01 in the local SES; it has: ${[...actions.keys()].join(', ')}.`,
  );
}

const answer = (status: number, body: string): QueryAnswer => ({ status, body, contentType: 'text/xml' });
