import { connect, type Socket } from 'node:net';

/** An error answer of Redis: its code is the first word. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
}

/** A status line such as `OK`; apart from strings, since the REST protocol encodes those alone. */
export class Status {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Reply = Status | Buffer | number | null | RedisError | readonly Reply[];

/** The address and the password of a Redis server. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
  readonly password?: string;
}

/** One connection, commands pipelined: answers come in the order of the commands. */
export interface RespConnection {
  /** Sends commands without others' commands in between; rejects when the connection is lost before all are answered. */
  send(commands: readonly (readonly string[])[]): Promise<Reply[]>;
  readonly closed: boolean;
  close(): void;
}

interface Expected {
  readonly count: number;
  readonly replies: Reply[];
  resolve(replies: Reply[]): void;
  reject(error: Error): void;
}

/**
 * Connects to a Redis server and speaks RESP2 (https://redis.io/docs/latest/develop/reference/protocol-spec/).
 * Not a library (ioredis, redis): those reconnect, queue and retry by themselves, and the effects of a fault on the
 * database must reach the caller, as they would through Upstash. Throws a RedisError when the password is not the server's.
 */
export async function connectRedis({ host, port, password }: RedisAddress): Promise<RespConnection> {
  const socket = connect({ host, port, noDelay: true });
  await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
  const connection = converse(socket);
  if (password === undefined) return connection;
  const [reply] = await connection.send([['AUTH', password]]);
  if (!(reply instanceof RedisError)) return connection;
  connection.close();
  throw reply;
}

function converse(socket: Socket): RespConnection {
  const expected: Expected[] = [];
  let unread: Buffer = Buffer.alloc(0);
  let closed = false;

  socket.on('data', (chunk) => {
    unread = unread.length > 0 ? Buffer.concat([unread, chunk]) : chunk;
    let offset = 0;
    for (let parsed = parseReply(unread, offset); parsed; parsed = parseReply(unread, offset)) {
      offset = parsed.end;
      deliver(expected, parsed.reply);
    }
    unread = unread.subarray(offset);
  });
  socket.on('error', () => socket.destroy());
  socket.on('close', () => {
    closed = true;
    for (const { reject } of expected.splice(0)) reject(new Error('the connection to Redis was lost'));
  });

  return {
    get closed() {
      return closed;
    },
    close: () => socket.destroy(),
    send: (commands) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(new Error('the connection to Redis is closed'));
        expected.push({ count: commands.length, replies: [], resolve, reject });
        socket.write(Buffer.concat(commands.map(encodeCommand)));
      }),
  };
}

function deliver(expected: Expected[], reply: Reply): void {
  const [first] = expected;
  if (!first) return;
  first.replies.push(reply);
  if (first.replies.length === first.count) expected.shift()?.resolve(first.replies);
}

function encodeCommand(args: readonly string[]): Buffer {
  const parts = args.map((arg) => `$${Buffer.byteLength(arg)}\r\n${arg}\r\n`);
  return Buffer.from(`*${args.length}\r\n${parts.join('')}`);
}

/** The reply that begins at `start`, and its end; undefined if it is incomplete. */
export function parseReply(bytes: Buffer, start: number): { reply: Reply; end: number } | undefined {
  const lineEnd = bytes.indexOf('\r\n', start, 'latin1');
  if (lineEnd === -1) return undefined;
  const line = bytes.toString('utf8', start + 1, lineEnd);
  const next = lineEnd + 2;
  switch (String.fromCharCode(bytes[start] ?? 0)) {
    case '+':
      return { reply: new Status(line), end: next };
    case '-':
      return { reply: new RedisError(line), end: next };
    case ':':
      return { reply: Number(line), end: next };
    case '$':
      return parseBulk(bytes, next, Number(line));
    case '*':
      return parseArray(bytes, next, Number(line));
    default:
      throw new Error(`Redis sent what is not RESP2: ${JSON.stringify(line.slice(0, 40))}`);
  }
}

function parseBulk(bytes: Buffer, start: number, length: number) {
  if (length === -1) return { reply: null, end: start };
  const end = start + length;
  return bytes.length < end + 2 ? undefined : { reply: bytes.subarray(start, end), end: end + 2 };
}

function parseArray(bytes: Buffer, start: number, length: number) {
  if (length === -1) return { reply: null, end: start };
  const replies: Reply[] = [];
  let end = start;
  for (let index = 0; index < length; index++) {
    const parsed = parseReply(bytes, end);
    if (!parsed) return undefined;
    replies.push(parsed.reply);
    end = parsed.end;
  }
  return { reply: replies, end };
}
