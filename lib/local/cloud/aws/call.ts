import type { IncomingHttpHeaders } from 'node:http';

/** The signer of a call: the operator (everything allowed) or one instance of a function. */
export type Caller = { kind: 'operator' } | { kind: 'function'; functionName: string; instanceId: string | undefined };

/** A request before its service and action are known. */
export type WireRequest = { method: string; path: string; headers: IncomingHttpHeaders; body: Buffer };

/** One call of an AWS API: the pipeline counts, checks, faults and executes it. */
export type AwsCall = {
  service: string;
  action: string;
  caller: Caller;
  method: string;
  /** Path with the query string. */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** The body of a JSON protocol, parsed on first use. */
  json: () => Record<string, unknown>;
};

/** The answer to a call. */
export type AwsAnswer = { status: number; headers: Record<string, string>; body: Buffer | string };

/** One permission that a call needs; all must be granted. */
export type PermissionCheck = {
  action: string;
  /** Any of them being allowed is enough (SES: the address or its domain). */
  resources: string[];
  /** Values of condition keys, e.g. `ses:FromAddress`. */
  context?: Record<string, string[]>;
};

/** One AWS service: how it names its calls, what they need, how it answers. */
export type AwsService = {
  name: string;
  /** The API action; undefined if this service does not know the request. */
  actionOf: (request: WireRequest) => string | undefined;
  permissions: (call: AwsCall) => PermissionCheck[];
  /** An error in this service's wire form. */
  error: (status: number, code: string, message: string) => AwsAnswer;
  /** HTTP status of AccessDenied: DynamoDB says 400, the others 403. */
  deniedStatus: number;
  deniedCode: string;
  handle: (call: AwsCall) => Promise<AwsAnswer>;
};

/** Creates a call from a wire request. */
export function createCall(service: string, action: string, caller: Caller, request: WireRequest): AwsCall {
  let parsed: Record<string, unknown> | undefined;
  const json = () => {
    parsed ??= request.body.length === 0 ? {} : (JSON.parse(request.body.toString()) as Record<string, unknown>);
    return parsed;
  };
  return { service, action, caller, ...request, json };
}

/** Makes a call that starts inside the local cloud (Lambda polling a queue), so that it costs no serialization. */
export function createInternalCall(
  service: string,
  action: string,
  caller: Caller,
  input: Record<string, unknown>,
): AwsCall {
  return {
    service,
    action,
    caller,
    method: 'POST',
    path: '/',
    headers: {},
    get body() {
      return Buffer.from(JSON.stringify(input));
    },
    json: () => input,
  };
}

/** Name under which a caller is counted and logged. */
export function callerName(caller: Caller): string {
  return caller.kind === 'operator' ? 'operator' : caller.functionName;
}
