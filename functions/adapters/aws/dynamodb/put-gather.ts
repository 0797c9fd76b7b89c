import {
  type AttributeValue,
  BatchWriteItemCommand,
  type DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { unavailable } from '../../../core/errors.ts';
import { awsCall } from '../errors.ts';

type Item = Record<string, AttributeValue>;

/** BatchWriteItem's limit. */
const MOST_ITEMS = 25;
/** Fewer are put one by one: a call with several fails as a whole. */
const LEAST_ITEMS = 3;
/** The waits before unprocessed items are written again, in ms. */
const WAITS_MS = [50, 100, 200, 400];

/** Puts an item, whatever is under its key; resolves when it is durable. */
export type PutItem = (item: Item) => Promise<void>;

/**
 * Puts items without conditions; those of one moment in as few calls as possible, as a call costs the CPU about 1 ms. Not for records of
 * emails: a put that the client repeats after a lost answer could undo a claim.
 */
export function createPutGather(
  client: DynamoDBClient,
  TableName: string,
  wait: (ms: number) => Promise<unknown> = (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
): PutItem {
  let waiting: { readonly item: Item; readonly done: PromiseWithResolvers<void> }[] = [];

  const flush = () => {
    const all = waiting;
    waiting = [];
    for (let start = 0; start < all.length; start += MOST_ITEMS) {
      const some = all.slice(start, start + MOST_ITEMS);
      const items = some.map(({ item }) => item);
      const together = some.length < LEAST_ITEMS ? undefined : putMany(items);
      for (const { item, done } of some) (together ?? putOne(item)).then(done.resolve, done.reject);
    }
  };

  const putOne = async (Item: Item): Promise<void> => {
    await awsCall('DynamoDB', () => client.send(new PutItemCommand({ TableName, Item })));
  };

  const putMany = async (items: readonly Item[]): Promise<void> => {
    let requests = items.map((Item) => ({ PutRequest: { Item } }));
    for (const waitMs of [0, ...WAITS_MS]) {
      if (waitMs > 0) await wait(waitMs * (0.5 + Math.random()));
      const RequestItems = { [TableName]: requests };
      const { UnprocessedItems } = await awsCall('DynamoDB', () =>
        client.send(new BatchWriteItemCommand({ RequestItems })),
      );
      requests = (UnprocessedItems?.[TableName] ?? []) as typeof requests;
      if (requests.length === 0) return;
    }
    throw unavailable(`DynamoDB did not take ${requests.length} of ${items.length} items`);
  };

  return (item) => {
    if (waiting.length === 0) setImmediate(flush);
    const done = Promise.withResolvers<void>();
    waiting.push({ item, done });
    return done.promise;
  };
}
