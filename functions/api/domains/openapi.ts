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
const record = object({
  record: { const: 'DKIM' },
  name: text,
  type: { const: 'CNAME' },
  ttl: text,
  status: { enum: ['not_started', 'pending', 'verified', 'failed', 'temporary_failure'] },
  value: text,
});

/** The paths under `/domains`. */
export const domainPaths = () => ({
  '/domains': {
    get: operation('listDomains', 'The domains that SES knows', list(object(domain)), { parameters: paging }),
  },
  '/domains/{id}': {
    parameters: [id],
    get: operation(
      'getDomain',
      'One domain with its DKIM records',
      object({ object: { const: 'domain' }, ...domain, records: { type: 'array', items: record } }),
    ),
  },
});
