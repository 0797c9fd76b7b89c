import { submitInParallel } from '../../../functions/adapters/aws-backend.ts';
import { startAwsEmulators } from '../../aws-emulators.ts';
import { backendContract } from '../../contracts/backend.ts';
import { bodiesContract } from '../../contracts/bodies.ts';
import { brokerContract } from '../../contracts/broker.ts';
import { tableContract } from '../../contracts/table.ts';

const outage = { kind: 'error', status: 503, code: 'ServiceUnavailable', message: 'down' } as const;

tableContract('DynamoDB', startAwsEmulators);
bodiesContract('DynamoDB with S3', startAwsEmulators);

brokerContract('SQS', async () => {
  const { broker, receive, faults, close } = await startAwsEmulators();
  const setDown = (down: boolean) => {
    faults.clear();
    if (down) faults.add({ service: 'sqs', action: '*', when: 'before', effect: outage });
  };
  return { broker, receive, setDown, close };
});

backendContract('SQS with DynamoDB', async () => {
  const { table, bodies, broker, receive, faults, close } = await startAwsEmulators();
  const parts = { table, bodies, broker };
  const writes = {
    table: { service: 'dynamodb', action: 'PutItem', match: (body: string) => body.includes('"email#') },
    bodies: { service: 'dynamodb', action: 'PutItem', match: (body: string) => body.includes('"body#') },
    broker: { service: 'sqs', action: 'SendMessageBatch' },
  };
  return {
    backend: { ...parts, delayHorizonMs: 840_000, submit: (submissions) => submitInParallel(parts, submissions) },
    receive,
    failNext: (part) => void faults.add({ ...writes[part], when: 'before', times: 1, effect: outage }),
    close,
  };
});
