import { describe, expect, it } from 'vitest';
import { createHostCheck } from '../../../../lib/local/cloud/host-check.ts';

describe('the check of the Host header', () => {
  const { allows, refusal } = createHostCheck(['Host.Docker.Internal']);

  it.each([
    ...['localhost', 'localhost:4000', 'LOCALHOST:4000', '127.0.0.1', '127.0.0.1:4000', '[::1]', '[::1]:4000'],
    ...['host.docker.internal', 'host.docker.internal:4000'],
  ])('allows %s', (host) => {
    expect(allows({ headers: { host } })).toBe(true);
  });

  it.each([
    ...[
      'evil.example',
      'evil.example:4000',
      'localhost.evil.example',
      'evil.example:localhost',
      '127.0.0.1.evil.example',
    ],
    ...['localhost.', 'localhost:4000:80', '127.0.0.2', '0.0.0.0', '[::2]', '::1', ''],
  ])('refuses %s', (host) => {
    expect(allows({ headers: { host } })).toBe(false);
  });

  it('refuses a request without one', () => {
    expect(allows({ headers: {} })).toBe(false);
  });

  it('says which are allowed', () => {
    expect(refusal).toContain('localhost, 127.0.0.1, [::1], host.docker.internal');
    expect(refusal).toContain('--host');
  });
});
