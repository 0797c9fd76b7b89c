import type { SesAccount, SesAction } from './account.ts';
import { checkRecipients, checkSource, checkTags, decodeRaw } from './checks.ts';
import { checkSenders } from './identities.ts';
import { memberList, memberPairs } from './member-list.ts';
import { newSesId, type SesMessage } from './message.ts';
import { checkHeaders, headerValue, type RawHeader, scanHeaders } from './raw-headers.ts';
import { failureOf } from './ses-error.ts';

/** SendRawEmail: checks as SES does, takes room in the send limits, accepts, answers the message id. */
export const sendRawEmail: SesAction = async (params, account, caller) => {
  const fault = account.faults.next();
  if (fault && !fault.afterAccept) throw fault.error;
  if (account.settings.sendingEnabled === false) throw failureOf('AccountSendingPausedException');

  const raw = decodeRaw(params.get('RawMessage.Data'));
  const headers = scanHeaders(raw);
  checkHeaders(headers, raw);
  const { from, senders } = checkSource(params.get('Source'), headers);
  const to = checkRecipients(memberList(params, 'Destinations'), headers);
  const tags = checkTags(messageTags(params, headers));
  const configurationSet = configurationSetOf(params, headers, account);
  if (account.settings.verifiedIdentities) checkSenders(senders, account.identities, account.region);
  account.limits.take(to.length);

  const sentAtMs = account.now();
  const messageId = newSesId(sentAtMs);
  const message: SesMessage = { messageId, envelope: { from, to }, tags, raw, sentAtMs };
  if (configurationSet) message.configurationSet = configurationSet;
  if (caller.functionName) message.caller = caller.functionName;
  await account.accept(message, headers);
  if (fault) throw fault.error;
  return { MessageId: messageId };
};

/** The parameter wins over the header, as on SES. */
function configurationSetOf(params: URLSearchParams, headers: RawHeader[], account: SesAccount): string | undefined {
  const name = params.get('ConfigurationSetName') ?? headerValue(headers, 'X-SES-CONFIGURATION-SET');
  // Reading its destinations refuses a set that does not exist.
  if (name) account.configurationSets.destinations(name);
  return name ?? undefined;
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
