type Item = Record<string, unknown>;
type Input = Record<string, unknown>;
type DynamoDbError = Error & { body?: Record<string, unknown> };
type Capacity = { CapacityUnits: number; GlobalSecondaryIndexes?: Record<string, { CapacityUnits: number }> };
type Index = {
  IndexName: string;
  KeySchema: { AttributeName: string }[];
  Projection: { ProjectionType: string; NonKeyAttributes?: string[] };
};
type Table = { KeySchema: { AttributeName: string }[]; GlobalSecondaryIndexes?: Index[] };

/** The functions of `dynalite/db` that dynalite's actions look up on the module at each call. */
export type DynaliteDatabase = {
  checkConditional: (input: Input, item: Item | undefined) => DynamoDbError | null | undefined;
  addConsumedCapacity: (input: Input, isRead: boolean, newItem?: Item, oldItem?: Item) => Capacity | undefined;
  updateIndexes: (store: unknown, table: Table, oldItem: Item | undefined, newItem: Item | null, done: unknown) => void;
  capacityUnits: (item: Item, isRead: boolean) => number;
};

const extended = new WeakSet<DynaliteDatabase>();

/** Adds missing features to dynalite; once per process. */
export function extendDynalite(database: DynaliteDatabase): void {
  if (extended.has(database)) return;
  extended.add(database);
  returnOldItemsOfFailedConditions(database);
  countIndexWrites(database);
}

/** `ReturnValuesOnConditionCheckFailure`: the check runs under the item's lock, so the answer is atomic. */
function returnOldItemsOfFailedConditions(database: DynaliteDatabase): void {
  const check = database.checkConditional;
  database.checkConditional = (input, item) => {
    const error = check(input, item);
    const wanted = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && item && Object.keys(item).length > 0;
    if (error?.body && wanted) error.body.Item = item;
    return error;
  };
}

/** dynalite's consumed capacity leaves indexes out, which on AWS cost as much as the table. */
function countIndexWrites(database: DynaliteDatabase): void {
  const { addConsumedCapacity, updateIndexes } = database;
  // Every write action calls `addConsumedCapacity` and then, in the same turn, `updateIndexes`.
  let open: Capacity | undefined;
  database.addConsumedCapacity = (...parameters) => {
    open = addConsumedCapacity(...parameters);
    return open;
  };
  database.updateIndexes = (store, table, oldItem, newItem, done) => {
    if (open) addIndexUnits(database, open, table, oldItem, newItem ?? undefined);
    open = undefined;
    updateIndexes(store, table, oldItem, newItem, done);
  };
}

function addIndexUnits(
  database: DynaliteDatabase,
  capacity: Capacity,
  table: Table,
  oldItem?: Item,
  newItem?: Item,
): void {
  const byIndex: Record<string, { CapacityUnits: number }> = {};
  for (const index of table.GlobalSecondaryIndexes ?? []) {
    const units = indexWriteUnits(database, table, index, oldItem, newItem);
    if (units > 0) byIndex[index.IndexName] = { CapacityUnits: units };
    capacity.CapacityUnits += units;
  }
  capacity.GlobalSecondaryIndexes = byIndex;
}

/**
 * No unit if the projected attributes stay the same; one write to add, change or remove an entry; two when its key changes.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html#GSI.ThroughputConsiderations.Writes
 */
function indexWriteUnits(
  database: DynaliteDatabase,
  table: Table,
  index: Index,
  oldItem?: Item,
  newItem?: Item,
): number {
  const before = project(table, index, oldItem);
  const after = project(table, index, newItem);
  if (JSON.stringify(before) === JSON.stringify(after)) return 0;
  const unitsBefore = before ? database.capacityUnits(before, false) : 0;
  const unitsAfter = after ? database.capacityUnits(after, false) : 0;
  if (!before || !after) return unitsBefore + unitsAfter;
  const sameKey = index.KeySchema.every((key) => sameValue(before[key.AttributeName], after[key.AttributeName]));
  return sameKey ? Math.max(unitsBefore, unitsAfter) : unitsBefore + unitsAfter;
}

function sameValue(left: unknown, right: unknown): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}

/** An item's entry in an index; none when it lacks one of the index's keys. */
function project(table: Table, index: Index, item: Item | undefined): Item | undefined {
  const keys = index.KeySchema.map((key) => key.AttributeName);
  if (!item || keys.some((key) => item[key] === undefined)) return undefined;
  const all = index.Projection.ProjectionType === 'ALL';
  const named = [
    ...keys,
    ...table.KeySchema.map((key) => key.AttributeName),
    ...(index.Projection.NonKeyAttributes ?? []),
  ];
  const attributes = (all ? Object.keys(item) : [...new Set(named)]).filter((name) => item[name] !== undefined).sort();
  return Object.fromEntries(attributes.map((name) => [name, item[name]]));
}
