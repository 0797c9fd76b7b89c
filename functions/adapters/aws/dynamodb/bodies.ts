import { DeleteItemCommand, type DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import type { BodyStore } from '../../../core/ports/bodies.ts';
import { awsCall } from '../errors.ts';
import { createPutGather } from './put-gather.ts';

/**
 * Larger bodies (compressed) go to S3, where a request costs more but a byte almost nothing: at 30 days of retention the prices meet at
 * about 6 KB. Typical emails are smaller, and stay where a write takes a few milliseconds.
 */
const LARGEST_ITEM_BYTES = 8 * 1024;

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
  const readItem = async (key: string, ConsistentRead: boolean) => {
    const command = new GetItemCommand({ TableName, Key: { key: { S: key } }, ConsistentRead });
    return (await awsCall('DynamoDB', () => client.send(command))).Item;
  };
  // A body never changes, so any copy will do: an eventually consistent read costs half. It may miss a body that was just written.
  const read = async (key: string) => (await readItem(key, false)) ?? readItem(key, true);
  return {
    async put(key, bytes, expiresAtMs) {
      const inS3 = bytes.length > LARGEST_ITEM_BYTES;
      const Item = {
        key: { S: key },
        expiresAt: { N: String(Math.ceil(expiresAtMs / 1000)) },
        ...(inS3 ? { inS3: { BOOL: true } } : { bytes: { B: bytes } }),
      };
      await Promise.all([putItem(Item), inS3 ? large().then((store) => store.put(key, bytes)) : undefined]);
    },
    async get(key) {
      const item = await read(key);
      return item?.inS3?.BOOL ? (await large()).get(key) : item?.bytes?.B;
    },
    async delete(key) {
      const item = await readItem(key, true);
      if (item?.inS3?.BOOL) await (await large()).delete(key);
      await awsCall('DynamoDB', () => client.send(new DeleteItemCommand({ TableName, Key: { key: { S: key } } })));
    },
  };
}
