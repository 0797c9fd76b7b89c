import { type AttributeValue, DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { paginateListObjectsV2, S3Client } from '@aws-sdk/client-s3';
import type { LocalSendoff } from '../../lib/local/start.ts';

/** DynamoDB adds this to each item and to each entry of an index. */
const OVERHEAD_BYTES = 100;
const indexes = ['list', 'due'];

/** Bytes of some documents, as DynamoDB counts them. */
export interface StoredBytes {
  readonly documents: number;
  readonly tableBytes: number;
  readonly indexBytes: number;
}

/** Sizes of all documents by kind: the part of their key before `#`. */
export async function storedBytes({ cloud }: LocalSendoff): Promise<Map<string, StoredBytes>> {
  const { awsEndpoint: endpoint, region, credentials, outputs } = cloud;
  const client = new DynamoDBClient({ endpoint, region, credentials });
  const kinds = new Map<string, StoredBytes>();
  for await (const { Items = [] } of paginateScan({ client }, { TableName: outputs.TableName })) {
    for (const item of Items) {
      const kind = item.key?.S?.split('#')[0] ?? '';
      const { documents, tableBytes, indexBytes } = kinds.get(kind) ?? { documents: 0, tableBytes: 0, indexBytes: 0 };
      kinds.set(kind, {
        documents: documents + 1,
        tableBytes: tableBytes + OVERHEAD_BYTES + itemBytes(item),
        indexBytes: indexBytes + indexes.reduce((sum, index) => sum + entryBytes(item, index), 0),
      });
    }
  }
  client.destroy();
  return kinds;
}

/** An entry has the keys of the index and of the table. */
function entryBytes(item: Record<string, AttributeValue>, index: string): number {
  const [partition, sort] = [`${index}Partition`, `${index}Sort`];
  if (!item[partition] || !item[sort] || !item.key) return 0;
  return OVERHEAD_BYTES + itemBytes({ [partition]: item[partition], [sort]: item[sort], key: item.key });
}

/** https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html */
function itemBytes(item: Record<string, AttributeValue>): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + valueBytes(value), 0);
}

function valueBytes({ S, N, B, L, M }: AttributeValue): number {
  if (S !== undefined) return Buffer.byteLength(S);
  if (N !== undefined) return Math.ceil(N.replace(/[-.]/g, '').length / 2) + 1;
  if (B !== undefined) return B.length;
  if (L !== undefined) return 3 + L.reduce((sum, entry) => sum + 1 + valueBytes(entry), 0);
  if (M !== undefined) return 3 + Object.keys(M).length + itemBytes(M);
  return 1;
}

/** Bytes of all objects in the bucket of bodies. */
export async function bucketBytes({ cloud }: LocalSendoff): Promise<number> {
  const { awsEndpoint: endpoint, region, credentials, outputs } = cloud;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  let bytes = 0;
  for await (const { Contents = [] } of paginateListObjectsV2({ client }, { Bucket: outputs.BodyBucketName }))
    bytes += Contents.reduce((sum, { Size = 0 }) => sum + Size, 0);
  client.destroy();
  return bytes;
}
