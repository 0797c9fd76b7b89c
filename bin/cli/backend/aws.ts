import { once } from '../../../functions/core/once.ts';
import type { Broker } from '../../../functions/core/ports/broker.ts';
import { type Deployment, output } from '../deployment.ts';
import type { OperatedBackend } from './operated-backend.ts';
import { sendThenUpdate } from './send-then-update.ts';

/** SQS and DynamoDB, and S3 for large bodies. */
export async function openAwsBackend(deployment: Deployment): Promise<OperatedBackend> {
  const [{ DynamoDBClient }, { createDynamoBodies }, { createDynamoScan }, { emailShards }, { createDynamoTable }] =
    await Promise.all([
      import('@aws-sdk/client-dynamodb'),
      import('../../../functions/adapters/aws/dynamodb/bodies.ts'),
      import('../../../functions/adapters/aws/dynamodb/scan.ts'),
      import('../../../functions/adapters/aws/dynamodb/shards.ts'),
      import('../../../functions/adapters/aws/dynamodb/table.ts'),
    ]);
  const client = new DynamoDBClient(deployment.aws);
  const tableName = output(deployment, 'TableName');
  const largeBodies = async () => {
    const [{ S3Client }, { createS3Bodies }] = await Promise.all([
      import('@aws-sdk/client-s3'),
      import('../../../functions/adapters/aws/s3-bodies.ts'),
    ]);
    return createS3Bodies(output(deployment, 'BodyBucketName'), new S3Client(deployment.aws));
  };
  const table = createDynamoTable(client, tableName, Date.now, emailShards());
  // Most commands queue no job.
  const opened = once(async () => (await import('./sqs-broker.ts')).openSqsBroker(deployment));
  const broker: Broker = { send: async (jobs) => (await opened()).send(jobs) };
  return {
    table,
    bodies: createDynamoBodies(client, tableName, largeBodies),
    broker,
    updateAndSend: sendThenUpdate({ table, broker }),
    scan: createDynamoScan(client, tableName),
    inspection: async () => (await import('./sqs-inspection.ts')).openSqsInspection(deployment, table),
    remains: ["DynamoDB's point-in-time recovery, which ends by itself after 35 days"],
  };
}
