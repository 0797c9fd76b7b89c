import { SQSClient } from '@aws-sdk/client-sqs';
import { clientOptions } from '../../adapters/aws/clients.ts';
import { createSqsInspection } from '../../adapters/aws/inspection.ts';
import type { Inspection } from '../../core/ports/inspection.ts';
import type { Table } from '../../core/ports/table.ts';
import { type Environment, inspectedQueueUrls, localEndpointsAllowed } from '../env.ts';

/** Inspects the queues of SQS that the environment names: with `backend=redis` those of the events of SES alone. */
export function sqsInspectionFromEnvironment(table: Table, env?: Environment): Inspection {
  return createSqsInspection({
    client: new SQSClient(clientOptions),
    queueUrls: inspectedQueueUrls(env),
    table,
    waitSeconds: localEndpointsAllowed() ? 0 : 1,
  });
}
