import type { Logger } from '../../core/ports/telemetry.ts';
import { type AwsRequest, awsRequest } from './request.ts';

export interface RingOptions {
  readonly functionName: string;
  /** The function that the drainer is to have watch over it, if none does yet. */
  readonly watcher?: string | undefined;
  readonly log: Logger;
  readonly request?: (request: AwsRequest) => Promise<unknown>;
}

/**
 * Starts the drain function, without waiting for its end. Never rejects: what is to be drained is durable, and when this ring
 * comes to nothing the next accept or the schedule rings again.
 */
export function createRing({ functionName, watcher, log, request = awsRequest }: RingOptions) {
  return (replaces = ''): Promise<void> => startFunction(functionName, { replaces, watcher }, log, request);
}

/** Invokes a function asynchronously; a failure is logged. */
export async function startFunction(
  functionName: string,
  payload: object,
  log: Logger,
  request: (request: AwsRequest) => Promise<unknown> = awsRequest,
): Promise<void> {
  try {
    await request({
      service: 'lambda',
      path: `/2015-03-31/functions/${functionName}/invocations`,
      headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' },
      body: JSON.stringify(payload),
    });
  } catch (error) {
    log.error('a function could not be started; the schedule will ring again', { functionName, error });
  }
}
