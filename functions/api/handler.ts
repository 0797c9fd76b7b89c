import { handle } from 'hono/aws-lambda';
import { backendFromEnvironment } from '../adapters/backend.ts';
import { localEndpointsAllowed, retentionMs } from '../adapters/env.ts';
import { createLogger } from '../adapters/logger.ts';
import { newId } from '../core/identity.ts';
import { createApp } from './app.ts';

const backend = backendFromEnvironment();

export const handler = handle(
  createApp({
    backend,
    retentionMs: retentionMs(),
    now: Date.now,
    newId,
    log: createLogger(),
    endpointRules: { allowLocal: localEndpointsAllowed() },
  }),
);
