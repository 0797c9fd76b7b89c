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
 * The value of the condition key `dynamodb:LeadingKeys` for a request, or for one table's part of a batch: the partition keys
 * of all items that it names. Empty for a scan.
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

/** The partition that a query reads: the value that its conditions compare the partition key with. */
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
