import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  ScanCommand,
  type ScanCommandInput,
} from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { pages } from '../../../core/document/pages.ts';
import {
  BODY_PREFIX,
  type DocumentScan,
  EMAIL_PREFIX,
  type StoredDocument,
  type StoredKind,
} from '../../../core/document/scan.ts';
import { awsCall } from '../errors.ts';

const NAMES = { '#key': 'key' };
const EMAIL = { ':email': { S: EMAIL_PREFIX } };
const BODY = { ':body': { S: BODY_PREFIX } };

/** A filter does not change the cost of a scan; a projection keeps large bodies from being transferred. */
const requests: Readonly<Record<StoredKind, Partial<ScanCommandInput>>> = {
  emails: { FilterExpression: 'begins_with(#key, :email)', ExpressionAttributeValues: EMAIL },
  bodies: {
    FilterExpression: 'begins_with(#key, :body)',
    ExpressionAttributeValues: BODY,
    ProjectionExpression: '#key, expiresAt',
  },
  others: {
    FilterExpression: 'NOT begins_with(#key, :email) AND NOT begins_with(#key, :body)',
    ExpressionAttributeValues: { ...EMAIL, ...BODY },
  },
};

/** The scan of a DynamoDB table, with expired documents that TTL has not deleted yet. */
export function createDynamoScan(
  client: DynamoDBClient,
  TableName: string,
  now: () => number = Date.now,
): DocumentScan {
  return {
    pages: (kind) =>
      pages(async (ExclusiveStartKey: Record<string, AttributeValue> | undefined) => {
        const request = { TableName, ConsistentRead: true, ExpressionAttributeNames: NAMES, ...requests[kind] };
        const { Items = [], LastEvaluatedKey } = await awsCall('DynamoDB', () =>
          client.send(new ScanCommand({ ...request, ExclusiveStartKey })),
        );
        return { items: Items.map((item) => storedDocument(item, kind, now())), next: LastEvaluatedKey };
      }),

    async delete({ key, expired }) {
      const onlyExpired = {
        ConditionExpression: 'expiresAt <= :now',
        ExpressionAttributeValues: { ':now': { N: String(Math.floor(now() / 1000)) } },
      };
      const request = { TableName, Key: { key: { S: key } }, ...(expired ? onlyExpired : {}) };
      await awsCall('DynamoDB', () => client.send(new DeleteItemCommand(request))).catch((error: unknown) => {
        // TTL has deleted it, or a new document has its key.
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      });
    },
  };
}

function storedDocument(item: Record<string, AttributeValue>, kind: StoredKind, nowMs: number): StoredDocument {
  const { key, expiresAt } = item;
  const stored = { key: key?.S ?? '', expired: Number(expiresAt?.N ?? Number.POSITIVE_INFINITY) * 1000 <= nowMs };
  if (kind === 'bodies') return stored;
  try {
    return { ...stored, fields: unmarshall(item) };
  } catch {
    // For example a number that JavaScript cannot represent.
    return { ...stored, text: JSON.stringify(item) };
  }
}
