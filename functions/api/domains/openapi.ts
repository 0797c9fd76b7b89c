import { id, list, object, operation, paging, text, time } from '../openapi/parts.ts';

const capability = { enum: ['enabled', 'disabled'] };
const domain = {
  id: text,
  name: text,
  status: { enum: ['not_started', 'pending', 'verified', 'failed', 'partially_failed'] },
  created_at: { ...time, description: 'Always 1970: SES does not tell it' },
  region: text,
  capabilities: object({ sending: capability, receiving: capability }),
};
const recordFields = {
  name: text,
  ttl: text,
  status: { enum: ['not_started', 'pending', 'verified', 'failed', 'temporary_failure'] },
  value: text,
};
const record = {
  anyOf: [
    object({ record: { const: 'SPF' }, type: { const: 'MX' }, priority: { type: 'integer' }, ...recordFields }),
    object({ record: { const: 'SPF' }, type: { const: 'TXT' }, ...recordFields }),
    object({ record: { const: 'DKIM' }, type: { const: 'CNAME' }, ...recordFields }),
  ],
};

/** The paths under `/domains`. */
export const domainPaths = () => ({
  '/domains': {
    get: operation('listDomains', 'The domains that SES knows', list(object(domain)), { parameters: paging }),
  },
  '/domains/{id}': {
    parameters: [id],
    get: operation(
      'getDomain',
      'One domain with its DNS records',
      object({ object: { const: 'domain' }, ...domain, records: { type: 'array', items: record } }),
    ),
  },
});
