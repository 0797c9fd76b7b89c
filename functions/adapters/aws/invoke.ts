import type { Logger } from '../../core/ports/telemetry.ts';
import { type AwsRequest, awsRequest } from './request.ts';

export interface InvokeConsumerOptions {
  readonly functionName: string;
  /** The function that the consumer starts to watch over it, unless a watchdog is running. */
  readonly watchdog?: string | undefined;
  readonly log: Logger;
  readonly request?: (request: AwsRequest) => Promise<unknown>;
}

/**
 * Invokes the consumer of `backend=redis` and does not wait for its end. Never rejects: the jobs are durable, and if this
 * invocation is lost, the next accept or the watchdog invokes again.
 */
export function createInvokeConsumer({ functionName, watchdog, log, request = awsRequest }: InvokeConsumerOptions) {
  return (replaces = ''): Promise<void> => invokeFunction(functionName, { replaces, watchdog }, log, request);
}

/** Invokes a function asynchronously; a failure is logged. */
export async function invokeFunction(
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
    log.error('a function could not be invoked; the watchdog tries again within a minute', { functionName, error });
  }
}
