import { checkRecipients, checkSource, checkTags, decodeRaw } from '../checks.ts';
import { checkVerified } from '../identities.ts';
import { newSesId, type SesMessage } from '../message.ts';
import { checkHeaders, headerValue, type RawHeader, scanHeaders } from '../raw-headers.ts';
import { isSimulator } from '../simulator.ts';
import { memberList, memberPairs } from './member-list.ts';
import type { SesAction, SesActionContext } from './ses-action.ts';
import { failureOf, pausedByReview } from './ses-error.ts';

/** SendRawEmail: checks as SES does, takes room in the send limits, accepts, answers the message id. */
export const sendRawEmail: SesAction = async (params, context) => {
  const fault = context.faults.next();
  if (fault && !fault.afterAccept) throw fault.error;
  if (context.settings.sendingEnabled === false) throw failureOf('AccountSendingPausedException');
  if (context.settings.pausedByReview) throw pausedByReview();

  const raw = decodeRaw(params.get('RawMessage.Data'));
  const headers = scanHeaders(raw);
  checkHeaders(headers, raw);
  const message = checkedMessage(params, context, raw, headers);
  context.limits.take(message.envelope.to.length);
  await context.accept(message, headers);
  if (fault) throw fault.error;
  return { MessageId: message.messageId };
};

function checkedMessage(
  params: URLSearchParams,
  { now, settings, identities, region, configurationSets, caller }: SesActionContext,
  raw: string,
  headers: RawHeader[],
): SesMessage {
  const { from, senders } = checkSource(params.get('Source'), headers);
  const to = checkRecipients(memberList(params, 'Destinations'), headers);
  const tags = checkTags(messageTags(params, headers));
  // The parameter wins over the header, as on SES.
  const configurationSet = params.get('ConfigurationSetName') ?? headerValue(headers, 'X-SES-CONFIGURATION-SET');
  if (configurationSet && !configurationSets.isSendingEnabled(configurationSet))
    throw failureOf('ConfigurationSetSendingPausedException');
  if (settings.verifiedIdentities || settings.sandbox) {
    const real = settings.sandbox ? to.filter((address) => !isSimulator(address)) : [];
    checkVerified([...senders, ...real.map((address) => ({ text: address, address }))], identities, region);
  }
  const sentAtMs = now();
  return {
    messageId: newSesId(sentAtMs),
    envelope: { from, to },
    tags,
    raw,
    sentAtMs,
    ...(configurationSet && { configurationSet }),
    ...(caller.functionName && { caller: caller.functionName }),
  };
}

/** `Tags` or, without it, the header `X-SES-MESSAGE-TAGS: name=value, name=value`. */
function messageTags(params: URLSearchParams, headers: RawHeader[]): { name: string; value: string }[] {
  const tags = memberPairs(params, 'Tags');
  const header = headerValue(headers, 'X-SES-MESSAGE-TAGS');
  if (tags.length > 0 || !header) return tags;
  return header.split(',').map((pair) => {
    const [name = '', value = ''] = pair.split('=', 2).map((text) => text.trim());
    return { name, value };
  });
}
