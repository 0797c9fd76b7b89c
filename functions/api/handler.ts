import { handle } from 'hono/aws-lambda';
import { backendFromEnvironment } from '../adapters/backend.ts';
import { localEndpointsAllowed, required, retentionMs } from '../adapters/env.ts';
import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { loadedSesDomains } from '../adapters/sender-domains.ts';
import { newId } from '../core/identity.ts';
import { createApp } from './app.ts';

const backend = backendFromEnvironment();

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
      domains: loadedSesDomains(),
      region: required('AWS_REGION'),
      metrics,
      endpointRules: { allowLocal: localEndpointsAllowed() },
    }),
  ),
);
