import { createLogger } from '../adapters/logger.ts';
import { createMetrics, withMetrics } from '../adapters/metrics.ts';
import { newId } from '../core/ids.ts';
import type { Backend } from '../core/ports/backend.ts';
import { backendFromEnvironment } from '../runtime/backend.ts';
import { hasBroadcastFooter, localEndpointsAllowed, optionalNumber, required, retentionMs } from '../runtime/env.ts';
import { loadedOperations, statusIntervals } from '../runtime/operations/operations.ts';
import { loadedSesDomains } from '../runtime/sender-domains.ts';
import { tasksBackend } from '../runtime/tasks/tasks-backend.ts';
import { tasksManifest } from '../runtime/tasks/tasks-manifest.ts';
import { createLambdaHandler } from './api-gateway.ts';
import { createApp } from './app.ts';
import { consoleFiles } from './console/files.ts';

const backend = backendFromEnvironment();

const metrics = createMetrics(required('DEPLOYMENT'));
const log = createLogger();

let runs: Backend | undefined;
/** Where the runs of the user's tasks are: with `backend=redis` a second namespace, opened when it is first needed. */
const backendOfRuns = (): Backend => {
  runs ??= process.env.BACKEND === 'redis' ? tasksBackend() : backend;
  return runs;
};

const app = createApp({
  backend,
  retentionMs: retentionMs(),
  now: Date.now,
  newId,
  log,
  metrics,
  domains: loadedSesDomains(),
  region: required('AWS_REGION'),
  keyRateLimit: Number(process.env.KEY_RATE_LIMIT ?? 0),
  maxRatePerSecond: optionalNumber('MAX_SEND_RATE'),
  broadcastFooter: hasBroadcastFooter(),
  tasks: { manifest: tasksManifest, backend: backendOfRuns },
  ...(process.env.CONSOLE === 'true'
    ? { console: { files: consoleFiles(), deployment: required('DEPLOYMENT'), inbox: process.env.SENDOFF_INBOX_PATH } }
    : {}),
  endpointRules: { allowLocal: localEndpointsAllowed() },
  operations: loadedOperations(backend.table),
  restApiName: process.env.REST_API_NAME,
  keepStatus: statusIntervals(),
});

export const handler = withMetrics(metrics, createLambdaHandler(app, log));
