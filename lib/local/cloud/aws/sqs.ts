import { addSources } from '../emulators/dead-letter-source.ts';
import { withGroups } from '../emulators/fair-queue.ts';
import type { Fauxqs } from '../emulators/fauxqs.ts';
import type { SqsAction } from '../emulators/fauxqs-internals.ts';
import type { AwsAnswer, AwsCall, AwsService } from './call.ts';
import { jsonError } from './wire.ts';

const maximumDelaySeconds = 900;
/** A batch call needs the permission of the single call. */
const permissionOf: Record<string, string> = {
  SendMessageBatch: 'SendMessage',
  DeleteMessageBatch: 'DeleteMessage',
  ChangeMessageVisibilityBatch: 'ChangeMessageVisibility',
};
const contentType = { 'content-type': 'application/x-amz-json-1.0' };

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
      const action = fauxqs.sqsActions.get(call.action);
      if (!action) return sqsError(400, 'UnsupportedOperation', `The local cloud has no sqs:${call.action}`);
      const run: RunAction = (input) => {
        const messages = Array.isArray(input.Entries) ? input.Entries : [input];
        return withGroups(messages, () => runAction(action, fauxqs, call, input));
      };
      const input = call.json();
      if (call.action === 'SendMessage' && hasBadDelay(input)) {
        return sqsError(400, 'InvalidParameterValue', badDelayMessage(input));
      }
      return call.action === 'SendMessageBatch' ? await sendBatch(input, run) : await run(input);
    },
  };
}

type RunAction = (input: Record<string, unknown>) => Promise<AwsAnswer>;

async function runAction(
  action: SqsAction,
  { sqsStore, deadLetterSources }: Fauxqs,
  { action: name, headers: { host = 'localhost' } }: AwsCall,
  input: Record<string, unknown>,
): Promise<AwsAnswer> {
  try {
    const result = await action(input, sqsStore, { headers: { host } });
    if (name === 'ReceiveMessage') addSources(input, result, deadLetterSources);
    return { status: 200, headers: contentType, body: JSON.stringify(result ?? {}) };
  } catch (error) {
    if (!(error instanceof Error) || !('queryErrorHeader' in error)) throw error;
    const { statusCode, queryErrorHeader, toJSON } = error as SqsError;
    const headers = { ...contentType, 'x-amzn-query-error': queryErrorHeader };
    return { status: statusCode, headers, body: JSON.stringify(toJSON.call(error)) };
  }
}

/** fauxqs' refusal of an action. */
type SqsError = Error & { statusCode: number; queryErrorHeader: string; toJSON: () => unknown };

type SendEntry = { Id?: unknown; DelaySeconds?: unknown };

/** In a batch only the entry with the delay fails (seen on AWS: getmoto/moto#5372). */
async function sendBatch(input: Record<string, unknown>, run: RunAction): Promise<AwsAnswer> {
  const entries = (Array.isArray(input.Entries) ? input.Entries : []) as SendEntry[];
  const bad = entries.filter(hasBadDelay);
  if (bad.length === 0) return await run(input);
  const good = entries.filter((entry) => !bad.includes(entry));
  const answer = good.length > 0 ? await run({ ...input, Entries: good }) : undefined;
  if (answer && answer.status !== 200) return answer;
  const { Successful = [], Failed = [] } = JSON.parse(answer?.body.toString() ?? '{}');
  const failed = bad.map((entry) => ({
    Id: entry.Id,
    SenderFault: true,
    Code: 'InvalidParameterValue',
    Message: badDelayMessage(entry),
  }));
  return { status: 200, headers: contentType, body: JSON.stringify({ Successful, Failed: [...Failed, ...failed] }) };
}

/** fauxqs accepts any delay; SQS none above 900 s. */
function hasBadDelay({ DelaySeconds = 0 }: SendEntry): boolean {
  return !(Number(DelaySeconds) >= 0 && Number(DelaySeconds) <= maximumDelaySeconds);
}

function badDelayMessage({ DelaySeconds }: SendEntry): string {
  return `Value ${DelaySeconds} for parameter DelaySeconds is invalid. Reason: DelaySeconds must be >= 0 and <= ${maximumDelaySeconds}.`;
}

function queueNameOf(call: AwsCall): string {
  const { QueueUrl, QueueName } = call.json();
  if (typeof QueueUrl === 'string') return QueueUrl.slice(QueueUrl.lastIndexOf('/') + 1);
  return typeof QueueName === 'string' ? QueueName : '*';
}
