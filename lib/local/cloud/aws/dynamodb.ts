import type { Dynalite } from '../emulators/dynalite.ts';
import type { AwsCall, AwsService, PermissionCheck } from './call.ts';
import type { CallCounter } from './calls.ts';
import { leadingKeys } from './dynamodb-leading-keys.ts';
import { jsonError } from './wire.ts';

const headers = { 'content-type': 'application/x-amz-json-1.0' };
const readActions = ['GetItem', 'BatchGetItem', 'Query', 'Scan'];
const capacityActions = [...readActions, 'PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem'];
const serviceErrors = ['AccessDeniedException', 'UnrecognizedClientException', 'UnknownOperationException'];

function dynamoDbError(status: number, code: string, message: string) {
  const namespace = serviceErrors.includes(code) ? 'com.amazon.coral.service' : 'com.amazonaws.dynamodb.v20120810';
  return jsonError(status, `${namespace}#${code}`, message);
}

/** DynamoDB over dynalite's actions. */
export function createDynamoDbService(
  dynalite: Dynalite,
  calls: CallCounter,
  accountId: string,
  region: string,
): AwsService {
  const tableArn = (name: string) =>
    name.startsWith('arn:') ? name : `arn:aws:dynamodb:${region}:${accountId}:table/${name}`;
  return {
    name: 'dynamodb',
    actionOf: (request) => request.headers['x-amz-target']?.toString().split('.')[1],
    permissions: (call) => permissions(call, tableArn, dynalite.partitionKeys),
    error: dynamoDbError,
    deniedStatus: 400,
    deniedCode: 'AccessDeniedException',
    handle: async (call) => {
      const isCounted = calls.countUnits && capacityActions.includes(call.action);
      const input = isCounted ? { ...call.json(), ReturnConsumedCapacity: 'INDEXES' } : call.json();
      const running = dynalite.execute(call.action, input);
      if (!running) {
        return dynamoDbError(400, 'UnknownOperationException', `The local cloud has no dynamodb:${call.action}`);
      }
      const answer = await running;
      if (isCounted) countUnits(calls, call, answer.body);
      return { status: answer.status, headers, body: JSON.stringify(answer.body) };
    },
  };
}

type Capacity = { CapacityUnits?: number };

/** dynalite answers an array for batches, else one object; a caller that did not ask for it does not mind. */
function countUnits(calls: CallCounter, call: AwsCall, body: Record<string, unknown>): void {
  // A write whose condition failed is paid for, though its answer does not say so.
  const conditionFailed = String(body.__type).endsWith('#ConditionalCheckFailedException');
  const consumed = [body.ConsumedCapacity ?? []].flat() as Capacity[];
  const units = conditionFailed ? 1 : consumed.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
  calls.addUnits(call, readActions.includes(call.action) ? { readUnits: units } : { writeUnits: units });
}

function permissions(
  call: AwsCall,
  tableArn: (name: string) => string,
  partitionKeys: ReadonlyMap<string, string>,
): PermissionCheck[] {
  const { TableName, IndexName, RequestItems, ResourceArn } = call.json();
  const action = `dynamodb:${call.action}`;
  const check = (resource: string, request: unknown = call.json()) => {
    const partitionKey = partitionKeys.get(resource.replace(/^.*:table\//, ''));
    const keys = partitionKey === undefined ? [] : leadingKeys(request, partitionKey);
    return { action, resources: [resource], context: { 'dynamodb:LeadingKeys': keys } };
  };
  if (typeof RequestItems === 'object' && RequestItems !== null) {
    return Object.entries(RequestItems).map(([name, request]) => check(tableArn(name), request));
  }
  if (typeof ResourceArn === 'string') return [check(ResourceArn)];
  if (typeof TableName !== 'string') return [check('*')];
  const table = tableArn(TableName);
  return [check(typeof IndexName === 'string' ? `${table}/index/${IndexName}` : table)];
}
