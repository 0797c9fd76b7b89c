import type { Logger } from '../core/ports.ts';
import { type AwsRequest, awsRequest } from './aws-request.ts';

export interface RingOptions {
  readonly functionName: string;
  readonly log: Logger;
  readonly request?: (request: AwsRequest) => Promise<unknown>;
}

/**
 * Starts the drain function, without waiting for its end. Never rejects: what is to be drained is durable, and when this ring
 * comes to nothing the next accept or the schedule rings again.
 */
export function createRing({ functionName, log, request = awsRequest }: RingOptions) {
  return async (replaces = ''): Promise<void> => {
    try {
      await request({
        service: 'lambda',
        path: `/2015-03-31/functions/${functionName}/invocations`,
        headers: { 'content-type': 'application/json', 'x-amz-invocation-type': 'Event' },
        body: JSON.stringify({ replaces }),
      });
    } catch (error) {
      log.error('no drainer could be rung for; the schedule will', { error });
    }
  };
}
