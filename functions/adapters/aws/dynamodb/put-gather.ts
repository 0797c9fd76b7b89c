import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { slices } from '../../../core/slices.ts';
import { awsCall } from '../errors.ts';
import { untilProcessed } from './unprocessed.ts';

type Item = Record<string, AttributeValue>;

/** BatchWriteItem's limit. */
const MOST_ITEMS = 25;
/** Fewer are put one by one: a call with several fails as a whole. */
const LEAST_ITEMS = 3;

/** Puts an item, whatever is under its key; resolves when it is durable. */
export type PutItem = (item: Item) => Promise<void>;

/**
 * Puts items without conditions; those of one moment in as few calls as possible, as a call costs the CPU about 1 ms. Not for records of
 * emails: a put that the client repeats after a lost answer could undo a claim.
 */
export function createPutGather(
  client: DynamoDBClient,
  TableName: string,
  wait?: (ms: number) => Promise<unknown>,
): PutItem {
  let waiting: { readonly item: Item; readonly done: PromiseWithResolvers<void> }[] = [];

  const flush = () => {
    const all = waiting;
    waiting = [];
    for (const some of slices(all, MOST_ITEMS)) {
      const items = some.map(({ item }) => item);
      const together = some.length < LEAST_ITEMS ? undefined : putMany(items);
      for (const { item, done } of some) (together ?? putOne(item)).then(done.resolve, done.reject);
    }
  };

  const putOne = async (Item: Item): Promise<void> => {
    await awsCall('DynamoDB', () => client.send(new PutItemCommand({ TableName, Item })));
  };

  const putMany = (items: readonly Item[]): Promise<void> => {
    const requests: WriteRequest[] = items.map((Item) => ({ PutRequest: { Item } }));
    const put = async (some: WriteRequest[]) => {
      const RequestItems = { [TableName]: some };
      const { UnprocessedItems } = await awsCall('DynamoDB', () =>
        client.send(new BatchWriteItemCommand({ RequestItems })),
      );
      return UnprocessedItems?.[TableName];
    };
    return untilProcessed(requests, put, wait);
  };

  return (item) => {
    if (waiting.length === 0) setImmediate(flush);
    const done = Promise.withResolvers<void>();
    waiting.push({ item, done });
    return done.promise;
  };
}
