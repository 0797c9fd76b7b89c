import { handle } from 'hono/aws-lambda';
import { backendFromEnvironment } from '../adapters/backend.ts';
import { localEndpointsAllowed, required, retentionMs } from '../adapters/env.ts';
import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { newId } from '../core/identity.ts';
import type { SenderDomains } from '../core/sender-domain.ts';
import { createApp } from './app.ts';

const backend = backendFromEnvironment();

let ses: Promise<SenderDomains> | undefined;
/** Loaded when first asked for: what accepts emails does without a client of SES. */
const loadSes = () => {
  ses ??= import('../adapters/ses-domains.ts').then(({ createSesDomains }) => createSesDomains());
  return ses;
};
const domains: SenderDomains = {
  names: async () => (await loadSes()).names(),
  statuses: async (names) => (await loadSes()).statuses(names),
  dkim: async (name) => (await loadSes()).dkim(name),
};

const metrics = createMetrics(required('DEPLOYMENT'));

export const handler = withMetrics(
  metrics,
  handle(
    createApp({
      backend,
      retentionMs: retentionMs(),
      now: Date.now,
      newId,
      log: createLogger(),
      domains,
      region: required('AWS_REGION'),
      metrics,
      endpointRules: { allowLocal: localEndpointsAllowed() },
    }),
  ),
);
