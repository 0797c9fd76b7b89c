import { describe, expect, it } from 'vitest';
import { createLogger } from '../../../functions/adapters/logger.ts';
import { unavailable } from '../../../functions/core/errors.ts';

const logged = (least?: string) => {
  const lines: string[] = [];
  return {
    log: createLogger(least, (line) => void lines.push(line)),
    read: () => lines.map((line) => JSON.parse(line)),
    lines,
  };
};

describe('the logger', () => {
  it('writes one JSON object a line, with level, message and fields', () => {
    const { log, read, lines } = logged();
    log.info('one', { emailId: '1' });
    log.warn('two');
    log.error('three\nlines');
    expect(read()).toEqual([
      { level: 'info', message: 'one', emailId: '1' },
      { level: 'warn', message: 'two' },
      { level: 'error', message: 'three\nlines' },
    ]);
    for (const line of lines) expect(line.indexOf('\n')).toBe(line.length - 1);
  });

  it('leaves out lower levels, and treats an unknown level as info', () => {
    for (const [least, count] of [
      ['error', 1],
      ['warn', 2],
      ['info', 3],
      ['loud', 3],
    ] as const) {
      const { log, lines } = logged(least);
      log.info('a');
      log.warn('b');
      log.error('c');
      expect(lines).toHaveLength(count);
    }
  });

  it('writes name, code and causes of an error', () => {
    const { log, read } = logged();
    log.error('failed', { error: unavailable('SQS is down', new TypeError('why')) });
    expect(read()[0].error).toMatchObject({
      name: 'SendoffError',
      message: 'SQS is down',
      code: 'service_unavailable',
      stack: expect.stringContaining('logger.test.ts'),
      cause: { name: 'TypeError', message: 'why' },
    });
  });

  it('never writes messages of AWS, which may hold addresses', () => {
    const { log, lines } = logged();
    const fromAws = Object.assign(new Error('Email address is not verified: ann@example.com'), {
      name: 'MessageRejected',
      $metadata: { httpStatusCode: 400, requestId: 'r' },
    });
    log.error('failed', { error: unavailable('later', fromAws) });
    expect(lines.join('')).not.toContain('ann@example.com');
    expect(JSON.parse(lines[0] ?? '').error.cause).toEqual({ name: 'MessageRejected', aws: fromAws.$metadata });
  });
});
