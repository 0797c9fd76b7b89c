import { type Dkim, type DomainStatus, domainId } from '../../core/email/sender-domain.ts';

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

/** A domain as `GET /domains/{id}` shows it, with its DNS records. */
export function domainDetail(name: string, status: DomainStatus | undefined, dkim: Dkim, region: string) {
  return { object: 'domain', ...domainSummary(name, status, region), records: recordViews(name, dkim, region) };
}

/** Resend has no temporary failure of a whole domain. SES still sends from it, but no longer finds its records. */
function statusView(status: DomainStatus = 'not_started') {
  return status === 'temporary_failure' ? 'partially_failed' : status;
}

function recordViews(name: string, { tokens, status }: Dkim, region: string) {
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
