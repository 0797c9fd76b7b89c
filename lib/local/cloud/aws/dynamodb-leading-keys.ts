type AttributeValue = Record<string, unknown>;
type Item = Record<string, AttributeValue | undefined>;

/** The parts of requests that name items, of all actions together. */
interface ItemRequest {
  readonly Key?: Item;
  readonly Keys?: readonly Item[];
  readonly Item?: Item;
  readonly KeyConditions?: Record<string, { AttributeValueList?: AttributeValue[] }>;
  readonly KeyConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Item;
}

/** A write of BatchWriteItem. */
interface WriteRequest {
  readonly PutRequest?: ItemRequest;
  readonly DeleteRequest?: ItemRequest;
}

/**
 * What the condition key `dynamodb:LeadingKeys` is for a request, or for one table's part of a batch: the values of the partition key
 * of every item that is named. None for a scan.
 */
export function leadingKeys(request: unknown, partitionKey: string): string[] {
  if (Array.isArray(request)) {
    const writes = request as readonly WriteRequest[];
    return writes.flatMap((write) => leadingKeys(write.PutRequest ?? write.DeleteRequest ?? {}, partitionKey));
  }
  const { Key, Keys = [], Item: item, ...query } = request as ItemRequest;
  const named = [Key, item, ...Keys].map((one) => one?.[partitionKey]);
  return [...named, queried(query, partitionKey)].flatMap(textOf);
}

/** The partition that a query asks for: of its conditions the one that says that the partition key is equal to something. */
function queried(request: ItemRequest, partitionKey: string): AttributeValue | undefined {
  const { KeyConditions, KeyConditionExpression = '' } = request;
  if (KeyConditions) return KeyConditions[partitionKey]?.AttributeValueList?.[0];
  for (const [, name = '', value = ''] of KeyConditionExpression.matchAll(/([#\w.-]+)\s*=\s*(:\w+)/g)) {
    if ((request.ExpressionAttributeNames?.[name] ?? name) === partitionKey)
      return request.ExpressionAttributeValues?.[value];
  }
  return undefined;
}

function textOf(value: AttributeValue | undefined): string[] {
  const [scalar] = Object.values(value ?? {});
  return scalar === undefined ? [] : [String(scalar)];
}
