import { DeleteItemCommand, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { BodyStore } from '../../../core/ports/bodies.ts';
import { awsCall } from '../errors.ts';
import { createPutGather } from './put-gather.ts';

/** A DynamoDB item holds 400 KB; larger bodies go to S3. */
const ITEM_LIMIT_BYTES = 300 * 1024;

/** A store for bodies that are too large for the table. */
export interface LargeBodies {
  put(key: string, bytes: Uint8Array): Promise<void>;
  get(key: string): Promise<Uint8Array | undefined>;
  delete(key: string): Promise<void>;
}

/** Bodies in the table of the records; for a large one the table has a pointer. `large` loads the store for large bodies. */
export function createDynamoBodies(
  client: DynamoDBClient,
  TableName: string,
  large: () => Promise<LargeBodies>,
  putItem = createPutGather(client, TableName),
): BodyStore {
  const read = (key: string) =>
    awsCall('DynamoDB', () =>
      client.send(new GetItemCommand({ TableName, Key: { key: { S: key } }, ConsistentRead: true })),
    );
  return {
    async put(key, bytes, expiresAtMs) {
      const inS3 = bytes.length > ITEM_LIMIT_BYTES;
      const Item = {
        key: { S: key },
        expiresAt: { N: String(Math.ceil(expiresAtMs / 1000)) },
        ...(inS3 ? { inS3: { BOOL: true } } : { bytes: { B: bytes } }),
      };
      await Promise.all([putItem(Item), inS3 ? large().then((store) => store.put(key, bytes)) : undefined]);
    },
    async get(key) {
      const { Item } = await read(key);
      return Item?.inS3?.BOOL ? (await large()).get(key) : Item?.bytes?.B;
    },
    async delete(key) {
      const { Item } = await read(key);
      if (Item?.inS3?.BOOL) await (await large()).delete(key);
      await awsCall('DynamoDB', () => client.send(new DeleteItemCommand({ TableName, Key: { key: { S: key } } })));
    },
  };
}
