import { randomBytes } from 'node:crypto';
import { EMAIL_ID_TAG } from '../../core/email/schema.ts';

/** A call through the middleware of an SDK client: the part of the SDK's types that is used here. */
type Call = (args: { input: unknown }) => Promise<{ output: object }>;
type Middleware = (next: Call, context: { clientName?: string; commandName?: string }) => Call;
interface TraceableClient {
  readonly middlewareStack: { add(middleware: Middleware, options: { step: 'initialize'; name: string }): void };
}

/** Sends one document to X-Ray's daemon; never fails. */
export type SendSegment = (document: string) => void;

/** X-Ray's daemon expects this line before each document. */
const HEADER = '{"format":"json","version":1}\n';

/**
 * Reports each call of a client to X-Ray, with the id of the email, if `TRACE_CALLS` is `true`. The SDK passes the trace on
 * (SQS carries it to the worker) but does not report how long its calls take. X-Ray's SDK does, at twenty times the size.
 * https://docs.aws.amazon.com/xray/latest/devguide/xray-api-segmentdocuments.html
 */
export function traced<Client extends object>(client: Client, send: SendSegment = sendToDaemon): Client {
  if (process.env.TRACE_CALLS !== 'true') return client;
  (client as unknown as TraceableClient).middlewareStack.add(
    (next, { clientName = '', commandName = '' }) =>
      async (args) => {
        const trace = currentTrace();
        if (!trace) return next(args);
        const startMs = Date.now();
        const about = { name: clientName.replace(/Client$/, ''), operation: commandName.replace(/Command$/, '') };
        try {
          const answer = await next(args);
          send(subsegment(trace, { ...about, startMs, input: args.input, result: metadataOf(answer.output) }));
          return answer;
        } catch (error) {
          send(subsegment(trace, { ...about, startMs, input: args.input, result: metadataOf(error), failed: true }));
          throw error;
        }
      },
    { step: 'initialize', name: 'traced' },
  );
  return client;
}

interface Trace {
  readonly traceId: string;
  readonly parentId: string;
}

/** Lambda puts the trace of each invocation into the environment: `Root=…;Parent=…;Sampled=1`. */
function currentTrace(): Trace | undefined {
  const parts = new Map(
    (process.env._X_AMZN_TRACE_ID ?? '').split(';').map((part) => part.split('=') as [string, string]),
  );
  const [traceId, parentId] = [parts.get('Root'), parts.get('Parent')];
  return traceId && parentId && parts.get('Sampled') === '1' ? { traceId, parentId } : undefined;
}

interface Traced {
  readonly name: string;
  readonly operation: string;
  readonly startMs: number;
  readonly input: unknown;
  readonly result: Metadata;
  readonly failed?: boolean;
}

interface Metadata {
  readonly requestId?: string;
  readonly httpStatusCode?: number;
  readonly attempts?: number;
}

function metadataOf(answer: unknown): Metadata {
  const holder = typeof answer === 'object' && answer !== null && '$metadata' in answer ? answer.$metadata : {};
  return holder as Metadata;
}

function subsegment({ traceId, parentId }: Trace, { name, operation, startMs, input, result, failed }: Traced): string {
  const { requestId, httpStatusCode: status, attempts = 1 } = result;
  const emailId = emailIdIn(input);
  const isCallersFault = status !== undefined && status >= 400 && status < 500;
  return JSON.stringify({
    type: 'subsegment',
    id: randomBytes(8).toString('hex'),
    trace_id: traceId,
    parent_id: parentId,
    name,
    namespace: 'aws',
    start_time: startMs / 1000,
    end_time: Date.now() / 1000,
    aws: { operation, region: process.env.AWS_REGION, request_id: requestId, retries: attempts - 1 },
    ...(status === undefined ? {} : { http: { response: { status } } }),
    ...(failed ? (isCallersFault ? { error: true } : { fault: true }) : {}),
    ...(emailId ? { annotations: { emailId } } : {}),
  });
}

/** The id of the email: a tag of a message to SES, a part of the keys of records and bodies. Nothing else is reported. */
function emailIdIn(input: unknown): string | undefined {
  const { Tags, Key, Item } = (input ?? {}) as {
    Tags?: readonly { Name?: string; Value?: string }[];
    Key?: { key?: { S?: string } } | string;
    Item?: { key?: { S?: string } };
  };
  const tag = Array.isArray(Tags) ? Tags.find(({ Name }) => Name === EMAIL_ID_TAG)?.Value : undefined;
  const key = typeof Key === 'string' ? Key : (Key?.key?.S ?? Item?.key?.S);
  return tag ?? /^(?:email|body)#([0-9a-f-]{36})/.exec(key ?? '')?.[1];
}

let socket: Promise<import('node:dgram').Socket> | undefined;

/** Sends by UDP to the daemon that Lambda runs beside the function, without waiting; a lost document is not sent again. */
function sendToDaemon(document: string): void {
  const [host = '', port = ''] = (process.env.AWS_XRAY_DAEMON_ADDRESS ?? '').split(':');
  if (!port) return;
  socket ??= import('node:dgram').then(({ createSocket }) => createSocket('udp4').unref());
  void socket.then((open) => open.send(HEADER + document, Number(port), host, () => {}));
}
