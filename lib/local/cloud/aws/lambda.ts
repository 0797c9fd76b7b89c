import type { LocalFunction } from '../lambda/function.ts';
import type { AwsAnswer, AwsService } from './call.ts';

const invokePath = /^\/2015-03-31\/functions\/([^/?]+)\/invocations/;
const synchronousLimitBytes = 6 * 1024 * 1024;
const asynchronousLimitBytes = 1024 * 1024;

function lambdaError(status: number, code: string, message: string): AwsAnswer {
  return {
    status,
    headers: { 'content-type': 'application/json', 'x-amzn-errortype': code },
    body: JSON.stringify({ Type: status < 500 ? 'User' : 'Service', message, Message: message }),
  };
}

/** Lambda's Invoke, on the functions of the template. */
export function createLambdaService(
  functions: Map<string, LocalFunction>,
  accountId: string,
  region: string,
): AwsService {
  const find = (path: string) => {
    const name = decodeURIComponent(invokePath.exec(path)?.[1] ?? '')
      .replace(/^.*:function:/, '')
      .replace(/:.*$/, '');
    return { name, target: [...functions.values()].find((candidate) => candidate.functionName === name) };
  };
  return {
    name: 'lambda',
    actionOf: (request) => (request.method === 'POST' && invokePath.test(request.path) ? 'Invoke' : undefined),
    permissions: (call) => {
      const arn = `arn:aws:lambda:${region}:${accountId}:function:${find(call.path).name}`;
      return [{ action: 'lambda:InvokeFunction', resources: [arn] }];
    },
    error: lambdaError,
    deniedStatus: 403,
    deniedCode: 'AccessDeniedException',
    handle: async (call) => {
      const { name, target } = find(call.path);
      if (!target) return lambdaError(404, 'ResourceNotFoundException', `Function not found: ${name}`);
      const payload = call.body.length === 0 ? '{}' : call.body.toString();
      return invoke(target, payload, String(call.headers['x-amz-invocation-type'] ?? 'RequestResponse'));
    },
  };
}

async function invoke(target: LocalFunction, payload: string, type: string): Promise<AwsAnswer> {
  const limitBytes = type === 'Event' ? asynchronousLimitBytes : synchronousLimitBytes;
  if (Buffer.byteLength(payload) > limitBytes) {
    const message = `Request must be smaller than ${limitBytes} bytes for the InvokeFunction operation`;
    return lambdaError(413, 'RequestTooLargeException', message);
  }
  if (type === 'DryRun') return { status: 204, headers: {}, body: '' };
  if (type === 'Event') {
    target.runAsync(payload);
    return { status: 202, headers: {}, body: '' };
  }
  const result = await target.run(payload);
  if (result.throttled) return lambdaError(429, 'TooManyRequestsException', 'Rate Exceeded.');
  const headers: Record<string, string> = { 'content-type': 'application/json', 'x-amz-executed-version': '$LATEST' };
  if (result.error) headers['x-amz-function-error'] = 'Unhandled';
  return { status: 200, headers, body: result.payload };
}
