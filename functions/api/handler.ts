import { backendFromEnvironment } from '../adapters/backend.ts';
import { localEndpointsAllowed, required, retentionMs } from '../adapters/env.ts';
import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { loadedSesDomains } from '../adapters/sender-domains.ts';
import { newId } from '../core/identity.ts';
import { createApp } from './app.ts';
import { createLambdaHandler } from './lambda.ts';

const backend = backendFromEnvironment();

const metrics = createMetrics(required('DEPLOYMENT'));
const log = createLogger();

const app = createApp({
  backend,
  retentionMs: retentionMs(),
  now: Date.now,
  newId,
  log,
  metrics,
  domains: loadedSesDomains(),
  region: required('AWS_REGION'),
  endpointRules: { allowLocal: localEndpointsAllowed() },
});

export const handler = withMetrics(metrics, createLambdaHandler(app, log));
