import { createLogger } from '../../adapters/logger.ts';
import { keepSeries } from '../../core/inspection/kept-series.ts';
import { once } from '../../core/once.ts';
import type { Inspection } from '../../core/ports/inspection.ts';
import type { SeriesSource } from '../../core/ports/series.ts';
import type { Table } from '../../core/ports/table.ts';
import { inspectedQueueUrls, localEndpointsAllowed, required } from '../env.ts';

/** Queues, dead letters and numbers over time of a deployment, for operators. */
export interface Operations {
  /** The queues and dead letters. */
  inspection(): Promise<Inspection>;
  /** Numbers over time; a question that was asked lately is not asked again. */
  readonly series: SeriesSource;
}

/** A question to CloudWatch costs money and its numbers are a minute old anyway; on a laptop it costs nothing. */
const KEEP_SERIES_MS = 180_000;

/**
 * How long `GET /status` shows queues, and findings of many documents, without looking again, in ms: a console asks every few seconds,
 * and an hour of that must cost less than a cent (docs/limits-and-cost.md). On Redis each document and each queue is a command or more.
 */
export function statusIntervals(): { readonly queuesMs: number; readonly findingsMs: number } {
  if (localEndpointsAllowed()) return { queuesMs: 0, findingsMs: 0 };
  return process.env.BACKEND === 'redis'
    ? { queuesMs: 60_000, findingsMs: 600_000 }
    : { queuesMs: 10_000, findingsMs: 60_000 };
}

/** The operations of the deployment that the environment names. Their code is loaded at the first call: accepting emails does not need it. */
export function loadedOperations(table: Table): Operations {
  const keepMs = localEndpointsAllowed() ? 0 : KEEP_SERIES_MS;
  const series = once(async () => {
    const { createCloudWatch } = await import('../../adapters/aws/cloudwatch.ts');
    return createCloudWatch({ deployment: required('DEPLOYMENT'), queueUrls: inspectedQueueUrls() });
  });
  const loaded: SeriesSource = {
    read: async (request) => (await series()).read(request),
    ages: async (queues) => (await series()).ages(queues),
  };
  return {
    inspection: once(() => openInspection(table)),
    series: keepSeries(loaded, { now: Date.now, keepMs }),
  };
}

async function openInspection(table: Table): Promise<Inspection> {
  // In this form esbuild sees that the other branch never runs (lib/bundle.ts defines the value).
  return process.env.BACKEND === 'redis'
    ? (await import('./redis-inspection.ts')).redisInspectionFromEnvironment(table, createLogger())
    : (await import('./sqs-inspection.ts')).sqsInspectionFromEnvironment(table);
}
