import type { CreateResource } from '../stack.ts';
import { physicalName, type ResourceContext } from './context.ts';

type Keyed = { KeySchema: { AttributeName: string; KeyType: string }[] };
type Description = {
  Table: Keyed & { TableStatus: string; TableId: string; GlobalSecondaryIndexes?: (Keyed & { IndexName: string })[] };
};

type Index = Keyed & { IndexName: string; Projection: unknown; ProvisionedThroughput?: unknown };
type Properties = Keyed & {
  TableName?: string;
  AttributeDefinitions: unknown;
  BillingMode?: string;
  GlobalSecondaryIndexes?: Index[];
  LocalSecondaryIndexes?: Index[];
  ProvisionedThroughput?: unknown;
};

/** AWS::DynamoDB::GlobalTable: a table of this region alone; its capacity is not limited. */
export function dynamoDbGlobalTable(context: ResourceContext): CreateResource {
  const create = dynamoDbTable(context);
  return ({ properties, ...input }) =>
    create({
      ...input,
      properties: { ...properties, BillingMode: 'PAY_PER_REQUEST', ProvisionedThroughput: undefined },
    });
}

/** AWS::DynamoDB::Table on dynalite. TTL, streams and point-in-time recovery have no local behaviour. */
export function dynamoDbTable(context: ResourceContext): CreateResource {
  return async ({ logicalId, properties }) => {
    const given = properties as Properties;
    const name = given.TableName ?? physicalName(context, logicalId, 255);
    const { AttributeDefinitions, KeySchema, BillingMode, ProvisionedThroughput } = given;
    const GlobalSecondaryIndexes = given.GlobalSecondaryIndexes?.map(keysAndProjection);
    const LocalSecondaryIndexes = given.LocalSecondaryIndexes?.map(keysAndProjection);
    const keys = { AttributeDefinitions, KeySchema, GlobalSecondaryIndexes, LocalSecondaryIndexes };
    const wanted = { ...keys, BillingMode, ProvisionedThroughput };
    const input = { TableName: name, ...structuredClone(wanted) };
    const answer = await context.dynalite.execute('CreateTable', input);
    const exists = String(answer?.body.__type).endsWith('#ResourceInUseException');
    if (answer?.status !== 200 && !exists) throw new Error(JSON.stringify(answer?.body));
    const { Table: table } = await whenActive(context, name);
    if (exists && shape(table) !== shape(wanted)) {
      throw new Error(
        `The table ${name} on disk has other keys or indexes than the template: use another data directory`,
      );
    }
    notePartitionKeys(context, name, table);
    const arn = `arn:aws:dynamodb:${context.region}:${context.accountId}:table/${name}`;
    const attributes = { Arn: arn, TableId: table.TableId, StreamArn: `${arn}/stream/local` };
    return { ref: name, attributes };
  };
}

/** An index without the properties that have no local behaviour. */
function keysAndProjection({ IndexName, KeySchema, Projection, ProvisionedThroughput }: Index) {
  return { IndexName, KeySchema, Projection, ProvisionedThroughput };
}

/** IAM conditions ask which items a call is about. */
function notePartitionKeys({ dynalite }: ResourceContext, name: string, table: Description['Table']): void {
  const note = (id: string, { KeySchema }: Keyed) => {
    const key = KeySchema.find(({ KeyType }) => KeyType === 'HASH');
    if (key) dynalite.partitionKeys.set(id, key.AttributeName);
  };
  note(name, table);
  for (const index of table.GlobalSecondaryIndexes ?? []) note(`${name}/index/${index.IndexName}`, index);
}

/** dynalite makes a table active in a timer of 0 ms. */
async function whenActive(context: ResourceContext, name: string): Promise<Description> {
  for (;;) {
    const answer = await context.dynalite.execute('DescribeTable', { TableName: name });
    const description = answer?.body as Description;
    if (description.Table.TableStatus === 'ACTIVE') return description;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

function shape(table: { KeySchema?: unknown; GlobalSecondaryIndexes?: unknown }): string {
  const indexes = (table.GlobalSecondaryIndexes ?? []) as { IndexName: string; KeySchema: unknown }[];
  const sorted = indexes
    .map(({ IndexName, KeySchema }) => [IndexName, KeySchema])
    .sort((a, b) => (String(a[0]) < String(b[0]) ? -1 : 1));
  return JSON.stringify([table.KeySchema, sorted]);
}
