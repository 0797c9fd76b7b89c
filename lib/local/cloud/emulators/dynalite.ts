import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { type DynaliteDatabase, extendDynalite } from './dynalite-extensions.ts';

type Callback = (error: DynamoDbError | null, answer?: Record<string, unknown>) => void;
type DynamoDbError = Error & { statusCode?: number; body?: Record<string, unknown> };
type Store = {
  tableDb: { awsAccountId: string; awsRegion: string };
  lifecycleManager: { gracefulClose: (callback: (error?: Error) => void) => void };
};
type Input = Record<string, unknown>;
type Validation = { types: Record<string, unknown>; custom?: unknown };
type Database = DynaliteDatabase & { create: (options: Record<string, unknown>) => Store };
type Validations = {
  checkTypes: (input: Input, types: Record<string, unknown>) => Input;
  checkValidations: (input: Input, types: Record<string, unknown>, custom: unknown, store: Store) => void;
};

/** dynalite without a socket. */
export type Dynalite = {
  /** Runs one action of DynamoDB's JSON protocol; undefined when dynalite has no such action. */
  execute: (action: string, input: Input) => Promise<{ status: number; body: Record<string, unknown> }> | undefined;
  /** The partition key's attribute of each table and each index (`table/index/name`); filled as tables are created. */
  partitionKeys: Map<string, string>;
  close: () => Promise<void>;
};

const actionNames = [
  ...['BatchGetItem', 'BatchWriteItem', 'CreateTable', 'DeleteItem', 'DeleteTable', 'DescribeTable'],
  ...['DescribeTimeToLive', 'GetItem', 'ListTables', 'PutItem', 'Query', 'Scan', 'TagResource', 'UntagResource'],
  ...['ListTagsOfResource', 'UpdateItem', 'UpdateTable'],
];
const conditionalActions = ['PutItem', 'UpdateItem', 'DeleteItem'];
const require = createRequire(import.meta.url);

/**
 * Embeds dynalite 4.0.0: its actions are called in process, without its HTTP server (a second hop, and a second parse of
 * each body).
 */
export async function embedDynalite(options: {
  region: string;
  accountId: string;
  dataDirectory?: string | undefined;
}) {
  if (options.dataDirectory) await mkdir(options.dataDirectory, { recursive: true });
  const database = require('dynalite/db') as Database;
  const validations = require('dynalite/validations') as Validations;
  extendDynalite(database);
  const store = database.create({ path: options.dataDirectory, createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  store.tableDb.awsAccountId = options.accountId;
  store.tableDb.awsRegion = options.region;
  const actions = new Map(actionNames.map((name) => [name, loadAction(name, validations, store)]));
  const dynalite: Dynalite = {
    execute: (action, input) => actions.get(action)?.(input),
    partitionKeys: new Map(),
    close: () =>
      new Promise((resolve, reject) => store.lifecycleManager.gracefulClose((e) => (e ? reject(e) : resolve()))),
  };
  return dynalite;
}

function loadAction(name: string, validations: Validations, store: Store) {
  const file = name.charAt(0).toLowerCase() + name.slice(1);
  const action = require(`dynalite/actions/${file}`) as (store: Store, input: Input, callback: Callback) => void;
  const validation = require(`dynalite/validations/${file}`) as Validation;
  if (conditionalActions.includes(name)) {
    validation.types.ReturnValuesOnConditionCheckFailure = { type: 'String', enum: ['ALL_OLD', 'NONE'] };
  }
  return (raw: Input) =>
    new Promise<{ status: number; body: Record<string, unknown> }>((resolve, reject) => {
      const fail = (error: DynamoDbError) =>
        error.statusCode && error.body ? resolve({ status: error.statusCode, body: error.body }) : reject(error);
      try {
        const input = validations.checkTypes(raw, validation.types);
        validations.checkValidations(input, validation.types, validation.custom, store);
        action(store, input, (error, answer) => (error ? fail(error) : resolve({ status: 200, body: answer ?? {} })));
      } catch (error) {
        fail(error as DynamoDbError);
      }
    });
}
