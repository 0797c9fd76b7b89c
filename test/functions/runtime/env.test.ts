import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  localEndpointsAllowed,
  queueUrls,
  required,
  requiredNumber,
  retentionMs,
} from '../../../functions/runtime/env.ts';

afterEach(() => vi.unstubAllEnvs());

describe('the environment', () => {
  it('answers what is set, and names what is not', () => {
    vi.stubEnv('SOME_NAME', 'value');
    expect(required('SOME_NAME')).toBe('value');
    vi.stubEnv('SOME_NAME', '');
    expect(() => required('SOME_NAME')).toThrow('The environment variable SOME_NAME is not set');
    expect(() => required('NEVER_SET')).toThrow('NEVER_SET is not set');
  });

  it('reads numbers', () => {
    vi.stubEnv('RETENTION_DAYS', '30');
    expect(requiredNumber('RETENTION_DAYS')).toBe(30);
    expect(retentionMs()).toBe(2_592_000_000);
    vi.stubEnv('RETENTION_DAYS', 'many');
    expect(() => retentionMs()).toThrow('RETENTION_DAYS is not a number');
  });

  it('allows local endpoints for that one word only', () => {
    expect(localEndpointsAllowed()).toBe(false);
    for (const [value, allowed] of [
      ['', false],
      ['1', false],
      ['allowed', true],
    ] as const) {
      vi.stubEnv('SENDOFF_LOCAL_ENDPOINTS', value);
      expect(localEndpointsAllowed()).toBe(allowed);
    }
  });

  it('wants every queue’s URL', () => {
    vi.stubEnv('TRANSACTIONAL_QUEUE_URL', 'https://t');
    expect(() => queueUrls()).toThrow('BULK_QUEUE_URL is not set');
    vi.stubEnv('BULK_QUEUE_URL', 'https://b');
    vi.stubEnv('WEBHOOK_QUEUE_URL', 'https://w');
    vi.stubEnv('WEBHOOK_SLOW_QUEUE_URL', 'https://s');
    const others = { webhook: 'https://w', 'webhook-slow': 'https://s' };
    expect(queueUrls()).toEqual({ transactional: 'https://t', bulk: 'https://b', ...others });
  });
});
