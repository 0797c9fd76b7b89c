import type { Fauxqs } from '../emulators/fauxqs.ts';
import type { AwsAnswer, AwsCall, AwsService } from './call.ts';
import { jsonError } from './wire.ts';

const maximumDelaySeconds = 900;
/** A batch call needs the permission of the single call. */
const permissionOf: Record<string, string> = {
  SendMessageBatch: 'SendMessage',
  DeleteMessageBatch: 'DeleteMessage',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
};
const headers = { 'content-type': 'application/x-amz-json-1.0' };

function sqsError(status: number, code: string, message: string): AwsAnswer {
  const type = code === 'AccessDenied' ? 'com.amazon.coral.service#AccessDeniedException' : `com.amazonaws.sqs#${code}`;
  return jsonError(status, type, message, { 'x-amzn-query-error': `${code};${status < 500 ? 'Sender' : 'Receiver'}` });
}

/** SQS over fauxqs' actions. */
export function createSqsService(fauxqs: Fauxqs, accountId: string, region: string): AwsService {
  const arnOf = (name: string) => `arn:aws:sqs:${region}:${accountId}:${name}`;
  return {
    name: 'sqs',
    actionOf: (request) => request.headers['x-amz-target']?.toString().split('.')[1],
    permissions: (call) => [
      { action: `sqs:${permissionOf[call.action] ?? call.action}`, resources: [arnOf(queueNameOf(call))] },
    ],
    error: sqsError,
    deniedStatus: 403,
    deniedCode: 'AccessDenied',
    handle: async (call) => {
      const action = fauxqs.sqsAction(call.action);
      if (!action) return sqsError(400, 'UnsupportedOperation', `The local cloud has no sqs:${call.action}`);
      const delay = excessiveDelay(call);
      if (delay !== undefined) return sqsError(400, 'InvalidParameterValue', delayMessage(delay));
      try {
        const answer = await action(call.json(), fauxqs.sqsStore, { headers: call.headers });
        return { status: 200, headers, body: JSON.stringify(answer ?? {}) };
      } catch (error) {
        return fauxqsError(error);
      }
    },
  };
}

function queueNameOf(call: AwsCall): string {
  const { QueueUrl, QueueName } = call.json();
  if (typeof QueueUrl === 'string') return QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
  return typeof QueueName === 'string' ? QueueName : '*';
}

/** fauxqs accepts any delay; SQS refuses the whole request above 900 s, batch or not. */
function excessiveDelay(call: AwsCall): number | undefined {
  if (call.action !== 'SendMessage' && call.action !== 'SendMessageBatch') return undefined;
  const input = call.json();
  const entries = call.action === 'SendMessage' ? [input] : Array.isArray(input.Entries) ? input.Entries : [];
  const delays = entries.map((entry: { DelaySeconds?: unknown }) => Number(entry.DelaySeconds ?? 0));
  return delays.find((delay) => !(delay >= 0 && delay <= maximumDelaySeconds));
}

function delayMessage(delay: number): string {
  return `Value ${delay} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${maximumDelaySeconds}.`;
}

type SqsError = Error & { code: string; statusCode: number; queryErrorHeader: string; toJSON: () => unknown };

function fauxqsError(error: unknown): AwsAnswer {
  if (!(error instanceof Error) || !('queryErrorHeader' in error)) throw error;
  const known = error as SqsError;
  return {
    status: known.statusCode,
    headers: { ...headers, 'x-amzn-query-error': known.queryErrorHeader },
    body: JSON.stringify(known.toJSON()),
  };
}
