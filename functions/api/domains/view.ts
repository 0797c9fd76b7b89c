import { type Dkim, type DomainStatus, domainId, type MailFrom } from '../../core/email/accept/sender-domain.ts';

/** Resend's clients require a time, and SES does not say when an identity was made. */
const UNKNOWN_TIME = new Date(0).toISOString();

/** The regions in which the DKIM records of SES point to a host of the region. */
const REGIONS_WITH_DKIM_HOST = new Set([
  'af-south-1',
  'ap-northeast-3',
  'ap-south-2',
  'ap-southeast-3',
  'ap-southeast-5',
  'ca-west-1',
  'eu-central-2',
  'eu-south-1',
  'il-central-1',
  'me-central-1',
  'us-gov-east-1',
]);

/** A domain as the list shows it. */
export function domainSummary(name: string, status: DomainStatus | undefined, region: string) {
  return {
    id: domainId(name),
    name,
    status: statusView(status),
    created_at: UNKNOWN_TIME,
    region,
    capabilities: { sending: 'enabled', receiving: 'disabled' },
  };
}

/** The DNS records that SES expects for a domain. */
export interface ExpectedRecords {
  readonly dkim: Dkim;
  readonly mailFrom: MailFrom | undefined;
}

/** A domain as `GET /domains/{id}` shows it, with its DNS records. */
export function domainDetail(
  name: string,
  status: DomainStatus | undefined,
  expected: ExpectedRecords,
  region: string,
) {
  const { dkim, mailFrom } = expected;
  const records = [...(mailFrom ? spfRecords(mailFrom, region) : []), ...dkimRecords(name, dkim, region)];
  return { object: 'domain', ...domainSummary(name, status, region), records };
}

/** Resend has no temporary failure of a whole domain. SES still sends from it, but no longer finds its records. */
function statusView(status: DomainStatus = 'not_started') {
  return status === 'temporary_failure' ? 'partially_failed' : status;
}

/** https://docs.aws.amazon.com/ses/latest/dg/mail-from.html */
function spfRecords({ domain: name, status }: MailFrom, region: string) {
  const record = { record: 'SPF', name, ttl: 'Auto', status };
  return [
    { ...record, type: 'MX', value: `feedback-smtp.${region}.amazonses.com`, priority: 10 },
    { ...record, type: 'TXT', value: '"v=spf1 include:amazonses.com ~all"' },
  ];
}

function dkimRecords(name: string, { tokens, status }: Dkim, region: string) {
  const host = REGIONS_WITH_DKIM_HOST.has(region) ? `dkim.${region}.amazonses.com` : 'dkim.amazonses.com';
  return tokens.map((token) => ({
    record: 'DKIM',
    name: `${token}._domainkey.${name}`,
    type: 'CNAME',
    ttl: 'Auto',
    status,
    value: `${token}.${host}`,
  }));
}
