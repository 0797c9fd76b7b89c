import { Redis } from '@upstash/redis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLocalDatabase } from '../../../../../lib/local/cloud/upstash/database.ts';
import {
  findRedisServer,
  installRedis,
  startRedisServer,
} from '../../../../../lib/local/cloud/upstash/redis-server.ts';
import { parseReply } from '../../../../../lib/local/cloud/upstash/resp.ts';
import { hasRedis, type RedisDatabase, startRedisDatabase } from '../../../../helpers/redis-database.ts';

describe.skipIf(!hasRedis)('the REST protocol of Upstash in front of Redis', () => {
  let database: RedisDatabase;
  let redis: Redis;

  beforeAll(async () => {
    database = await startRedisDatabase();
    redis = new Redis({ ...database.front, enableTelemetry: false });
  });
  afterAll(() => database?.close());

  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(database.front.url + path, {
      method: 'POST',
      headers: { authorization: `Bearer ${database.front.token}`, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    return { status: response.status, answer: await response.json() };
  };

  it('serves the official client, in base64 as it asks by default', async () => {
    expect(await redis.set('text', 'ü 👋')).toBe('OK');
    expect(await redis.get('text')).toBe('ü 👋');
    expect(await redis.get('none')).toBeNull();
    expect(await redis.type('text')).toBe('string');
    expect(await redis.zadd('z', { score: 1, member: 'a' }, { score: 2, member: 'b' })).toBe(2);
    expect(await redis.zrange('z', 0, -1, { withScores: true })).toEqual(['a', 1, 'b', 2]);
    expect(await redis.eval('return {1, {KEYS[1], {ARGV[1]}}, false}', ['k'], ['v'])).toEqual([1, ['k', ['v']], null]);
  });

  it('serves it in plain text too', async () => {
    const plain = new Redis({ ...database.front, responseEncoding: false, automaticDeserialization: false });
    await plain.set('number', '0012');
    expect(await plain.get('number')).toBe('0012');
  });

  it('runs a pipeline, with the error of each command in its place', async () => {
    await redis.set('text', 'x');
    const { status, answer } = await post('/pipeline', [
      ['SET', 'a', 1],
      ['LPUSH', 'text', 'y'],
      ['GET', 'a'],
    ]);
    expect(status).toBe(200);
    expect(answer).toEqual([{ result: 'OK' }, { error: expect.stringMatching(/^WRONGTYPE/) }, { result: '1' }]);
  });

  it('runs a transaction, and none of it when a command is no command', async () => {
    expect(await redis.multi().set('t', 1).incr('t').exec()).toEqual(['OK', 2]);
    expect(await post('/multi-exec', [['SET', 't', 9], ['NONSENSE']])).toMatchObject({ status: 400 });
    expect(await redis.get('t')).toBe(2);
  });

  it('takes a command in the path', async () => {
    expect((await post('/set/in%20path/value', '')).answer).toEqual({ result: 'OK' });
    expect((await post('/get/in%20path', '')).answer).toEqual({ result: 'value' });
    expect((await post('/set/from-body', 'a body')).answer).toEqual({ result: 'OK' });
    expect((await post('/get/from-body', '')).answer).toEqual({ result: 'a body' });
  });

  it.each([
    ['no token', { authorization: '' }],
    ['a wrong token', { authorization: 'Bearer wrong' }],
  ])('refuses a request with %s', async (_what, headers) => {
    expect(await post('/', ['PING'], headers)).toMatchObject({ status: 401, answer: { error: expect.anything() } });
  });

  it.each([
    ['what is no JSON', '{', /parse/],
    ['an empty command', [], /empty/],
    ['a command that waits', ['BLPOP', 'list', 0], /not available/],
    ['a command that changes the connection', ['SELECT', 1], /not available/],
    ['a command that Redis does not know', ['NONSENSE'], /unknown command/],
  ])('answers 400 to %s', async (_what, body, error) => {
    expect(await post('/', body)).toMatchObject({ status: 400, answer: { error: expect.stringMatching(error) } });
  });

  it('refuses a request over the limit of the plans', async () => {
    expect(await post('/', ['SET', 'big', 'x'.repeat(10 * 1024 * 1024)])).toMatchObject({ status: 413 });
  });

  it('answers 503 while the server is down, and serves again when it is back, with what it had', async () => {
    await redis.set('kept', 'x');
    await database.server.restart();
    expect(await redis.get('kept')).toBe('x');
    await database.server.kill();
    expect(await post('/', ['PING'])).toMatchObject({ status: 503 });
    await database.server.restart();
    expect(await post('/', ['PING'])).toEqual({ status: 200, answer: { result: 'PONG' } });
  });
});

describe('the local database', () => {
  it('is that of Upstash when the environment names one', async () => {
    const env = { UPSTASH_REDIS_REST_URL: 'https://db.upstash.io', UPSTASH_REDIS_REST_TOKEN: 't' };
    const { url, token, front } = await openLocalDatabase({}, env);
    expect({ url, token, front }).toEqual({ url: 'https://db.upstash.io', token: 't', front: undefined });
  });

  it.each(['localhost:6379', 'rediss://h', 'redis://:pass@h', 'redis://h/2'])('refuses REDIS_URL %s', async (text) => {
    await expect(openLocalDatabase({}, { REDIS_URL: text })).rejects.toThrow('REDIS_URL must look like');
  });

  it('says how to install redis-server where there is none', async () => {
    expect(findRedisServer('/nowhere')).toBeUndefined();
    expect(installRedis).toContain('apt-get install redis-server');
    const { PATH } = process.env;
    process.env.PATH = '/nowhere';
    try {
      await expect(startRedisServer()).rejects.toThrow('apt-get install redis-server');
    } finally {
      process.env.PATH = PATH;
    }
  });
});

describe('RESP2', () => {
  it('is parsed whatever its chunks are', () => {
    const whole = Buffer.from('*4\r\n$3\r\na\r\n\r\n:-5\r\n*-1\r\n$-1\r\n');
    for (let length = 0; length < whole.length; length++)
      expect(parseReply(whole.subarray(0, length), 0)).toBeUndefined();
    expect(parseReply(whole, 0)).toEqual({ reply: [Buffer.from('a\r\n'), -5, null, null], end: whole.length });
  });
});
