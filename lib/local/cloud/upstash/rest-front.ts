import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { BodyTooLargeError, closeServer, listen, readBody } from '../http-server.ts';
import { connectRedis, type RedisAddress, RedisError, type Reply, type RespConnection, Status } from './resp.ts';

/**
 * Upstash's REST protocol (https://upstash.com/docs/redis/features/restapi) in front of a Redis server: a command as a
 * JSON array, `/pipeline`, `/multi-exec`, a command in the path, answers in base64 if asked for, a bearer token.
 */
export interface RestFrontOptions {
  readonly redis: RedisAddress;
  readonly token: string;
  /** 0: any free one. */
  readonly port?: number;
}

export interface RestFront {
  readonly url: string;
  readonly token: string;
  /** Commands received since the last reset; commands inside a script do not count (INFO commandstats has them). */
  readonly counts: { commands: number; requests: number };
  /** Answers the next request, or all until it is undefined, in place of Redis: for tests of faults. */
  fault: Fault | undefined;
  close(): Promise<void>;
}

export interface Fault {
  /** Default: until the fault is removed. */
  times?: number;
  /** Selects the affected requests by their body; all if absent. */
  readonly match?: (body: string) => boolean;
  /** Called for each affected request, before the effect. */
  readonly onHit?: () => void;
  /** An answer; `drop` closes the connection, before or after the command was executed. */
  readonly effect: { readonly status: number; readonly error: string } | 'drop-before' | 'drop-after';
}

/** Commands that wait or change the connection, which all requests share; Upstash's REST API refuses them too. */
const REFUSED =
  /^(B[LRZ]?[A-Z]*POP|BLMOVE|BRPOPLPUSH|BLMPOP|BZMPOP|SUBSCRIBE|PSUBSCRIBE|SSUBSCRIBE|MONITOR|MULTI|EXEC|DISCARD|WATCH|UNWATCH|WAIT|WAITAOF|SELECT|AUTH|HELLO|RESET|QUIT|SHUTDOWN)$/;
/** Upstash's limit of the free and the pay-as-you-go plan. */
const MAX_REQUEST_BYTES = 10 * 1024 * 1024;

class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Starts the front on 127.0.0.1. */
export async function startRestFront({ redis, token, port = 0 }: RestFrontOptions): Promise<RestFront> {
  const connection = reconnecting(redis);
  const server = createServer((request, response) => void respond(request, response));
  const respond = async (request: IncomingMessage, response: ServerResponse) => {
    front.counts.requests++;
    try {
      const body = (await readBody(request, MAX_REQUEST_BYTES)).toString();
      const effect = takeFault(front, body);
      if (effect === 'drop-before') return void request.socket.destroy();
      if (typeof effect === 'object') throw new HttpError(effect.status, effect.error);
      authorize(request, token);
      const answer = await execute(request, body, connection, front.counts);
      if (effect === 'drop-after') return void request.socket.destroy();
      write(response, 200, answer);
    } catch (error) {
      if (error instanceof BodyTooLargeError) return write(response, 413, { error: 'ERR max request size exceeded' });
      const status = error instanceof HttpError ? error.status : 503;
      write(response, status, { error: error instanceof Error ? error.message : String(error) });
    }
  };
  await listen(server, port);
  const address = server.address();
  const front: RestFront = {
    url: `http://127.0.0.1:${address && typeof address === 'object' ? address.port : port}`,
    token,
    counts: { commands: 0, requests: 0 },
    fault: undefined,
    close: async () => {
      connection.close();
      await closeServer(server);
    },
  };
  return front;
}

function takeFault(front: RestFront, body: string): Fault['effect'] | undefined {
  const { fault } = front;
  if (!fault || fault.match?.(body) === false) return undefined;
  fault.onHit?.();
  if (fault.times !== undefined && --fault.times <= 0) front.fault = undefined;
  return fault.effect;
}

function authorize(request: IncomingMessage, token: string): void {
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const [a, b] = [Buffer.from(given), Buffer.from(token)];
  if (a.length !== b.length || !timingSafeEqual(a, b)) {
    throw new HttpError(401, given ? 'WRONGPASS invalid or missing auth token' : 'NOAUTH Authentication required.');
  }
}

async function execute(
  request: IncomingMessage,
  body: string,
  connection: Connection,
  counts: RestFront['counts'],
): Promise<unknown> {
  const [pathname = '/'] = (request.url ?? '/').split('?');
  const encode = /^base64$/i.test(String(request.headers['upstash-encoding'] ?? '')) ? base64 : plain;
  const many = pathname === '/pipeline' || pathname === '/multi-exec';
  const commands = many
    ? parseCommands(body)
    : [pathname === '/' ? parseCommand(parseJson(body)) : pathCommand(pathname, body)];
  for (const [name = ''] of commands) {
    if (REFUSED.test(name.toUpperCase())) throw new HttpError(400, `ERR Command is not available: '${name}'`);
  }
  counts.commands += commands.length;
  if (pathname === '/multi-exec') return transaction(await connection.send([['MULTI'], ...commands, ['EXEC']]), encode);
  const replies = await connection.send(commands);
  if (many) return replies.map((reply) => outcome(reply, encode));
  const [reply = null] = replies;
  if (reply instanceof RedisError) throw new HttpError(400, reply.message);
  return { result: encode(reply) };
}

function transaction(replies: readonly Reply[], encode: (reply: Reply) => unknown): unknown {
  const result = replies.at(-1);
  if (result instanceof RedisError || !Array.isArray(result)) {
    const refused = replies.find((reply) => reply instanceof RedisError);
    throw new HttpError(400, refused instanceof RedisError ? refused.message : 'ERR transaction discarded');
  }
  return (result as readonly Reply[]).map((reply) => outcome(reply, encode));
}

function outcome(reply: Reply, encode: (reply: Reply) => unknown): { result: unknown } | { error: string } {
  return reply instanceof RedisError ? { error: reply.message } : { result: encode(reply) };
}

function plain(reply: Reply): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString('utf8');
  if (reply instanceof Status) return reply.text;
  if (reply instanceof RedisError) return reply.message;
  return Array.isArray(reply) ? reply.map(plain) : reply;
}

/** Every text but the status OK, which clients do not decode. */
function base64(reply: Reply): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString('base64');
  if (reply instanceof Status) return reply.text === 'OK' ? 'OK' : Buffer.from(reply.text).toString('base64');
  if (reply instanceof RedisError) return Buffer.from(reply.message).toString('base64');
  return Array.isArray(reply) ? reply.map(base64) : reply;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new HttpError(400, 'ERR failed to parse command');
  }
}

function parseCommands(body: string): string[][] {
  const commands = parseJson(body);
  if (!Array.isArray(commands) || commands.length === 0) throw new HttpError(400, 'ERR empty pipeline request');
  return commands.map(parseCommand);
}

function parseCommand(value: unknown): string[] {
  if (!Array.isArray(value) || value.length === 0) throw new HttpError(400, 'ERR empty command');
  return value.map((arg) => (typeof arg === 'object' ? JSON.stringify(arg) : String(arg)));
}

/** `/set/key/value`; a body is the last argument. */
function pathCommand(pathname: string, body: string): string[] {
  const args = pathname.slice(1).split('/').map(decodeURIComponent);
  return body === '' ? args : [...args, body];
}

function write(response: ServerResponse, status: number, answer: unknown): void {
  const text = Buffer.from(JSON.stringify(answer));
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': text.length }).end(text);
}

type Connection = Pick<RespConnection, 'send' | 'close'>;

/** Connects when first used and again after the connection was lost: the caller retries a lost command. */
function reconnecting(redis: RedisAddress): Connection {
  let current: Promise<RespConnection> | undefined;
  const open = () => {
    const opening = connectRedis(redis);
    current = opening;
    opening.catch(() => {
      current = undefined;
    });
    return opening;
  };
  return {
    send: async (commands) => {
      const connection = await (current ?? open());
      return (connection.closed ? await open() : connection).send(commands);
    },
    close: () => void current?.then((connection) => connection.close()).catch(() => undefined),
  };
}
