import type { Ses } from '../ses/ses.ts';
import { type AwsCall, type AwsService, callerName, type PermissionCheck } from './call.ts';
import { queryError } from './wire.ts';

const sendActions = ['SendEmail', 'SendRawEmail', 'SendTemplatedEmail', 'SendBulkTemplatedEmail'];

/** SES's v1 Query API over our emulator. */
export function createSesService(ses: Ses, accountId: string, region: string): AwsService {
  const arn = (resource: string) => `arn:aws:ses:${region}:${accountId}:${resource}`;
  return {
    name: 'ses',
    actionOf: (request) => formOf(request.body).get('Action') ?? undefined,
    permissions: (call) => permissions(call, arn),
    error: queryError,
    deniedStatus: 403,
    deniedCode: 'AccessDenied',
    handle: async (call) => {
      const answer = await ses.query(formOf(call.body), { functionName: callerName(call.caller) });
      return { status: answer.status, headers: { 'content-type': answer.contentType }, body: answer.body };
    },
  };
}

const forms = new WeakMap<Buffer, URLSearchParams>();

/** Parses a form once: with a raw mail it can have megabytes. */
function formOf(body: Buffer): URLSearchParams {
  const form = forms.get(body) ?? new URLSearchParams(body.toString());
  forms.set(body, form);
  return form;
}

/** A send needs the permission on the sender's identity (address or domain) and on the configuration set it names. */
function permissions(call: AwsCall, arn: (resource: string) => string): PermissionCheck[] {
  const action = `ses:${call.action}`;
  if (!sendActions.includes(call.action)) return [{ action, resources: ['*'] }];
  const form = formOf(call.body);
  const from = addressOf(form.get('Source') ?? fromHeader(form.get('RawMessage.Data') ?? ''));
  const context = { 'ses:FromAddress': [from], 'ses:Recipients': recipients(form) };
  const identities = [arn(`identity/${from}`), arn(`identity/${from.slice(from.lastIndexOf('@') + 1)}`)];
  const checks = [{ action, resources: identities, context }];
  const configurationSet = form.get('ConfigurationSetName');
  if (configurationSet) checks.push({ action, resources: [arn(`configuration-set/${configurationSet}`)], context });
  return checks;
}

function recipients(form: URLSearchParams): string[] {
  return [...form].filter(([name]) => /^Destination(s\.member\.|\.)/.test(name)).map(([, value]) => addressOf(value));
}

function fromHeader(rawBase64: string): string {
  const head = Buffer.from(rawBase64.slice(0, 64 * 1024), 'base64').toString();
  return /^From:\s*((?:.|\r?\n[ \t])*)/im.exec(head)?.[1] ?? '';
}

function addressOf(mailbox: string): string {
  return (/<([^<>]*)>\s*$/.exec(mailbox)?.[1] ?? mailbox).trim();
}
