import type { apiKeyView } from '../../../api/api-keys/view.ts';
import type { domainSummary } from '../../../api/domains/view.ts';

export type ApiKey = ReturnType<typeof apiKeyView>;
export type Domain = ReturnType<typeof domainSummary>;
