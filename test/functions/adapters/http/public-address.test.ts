import type { LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import { describe, expect, it } from 'vitest';
import {
  createPublicLookup,
  isPublicAddress,
  publicLookup,
} from '../../../../functions/adapters/http/public-address.ts';

describe('isPublicAddress', () => {
  it.each([
    ...[
      '1.1.1.1',
      '8.8.8.8',
      '9.255.255.255',
      '11.0.0.0',
      '100.63.255.255',
      '100.128.0.0',
      '126.255.255.255',
      '128.0.0.1',
    ],
    ...[
      '169.253.255.255',
      '169.255.0.0',
      '172.15.255.255',
      '172.32.0.0',
      '192.0.1.0',
      '192.167.255.255',
      '192.169.0.0',
    ],
    ...[
      '198.17.255.255',
      '198.20.0.0',
      '223.255.255.255',
      '2606:4700:4700::1111',
      '2a00:1450:4001::1',
      '2001:4860::8888',
    ],
  ])('%s is public', (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  it.each([
    ...[
      '0.0.0.0',
      '0.255.255.255',
      '10.0.0.0',
      '10.255.255.255',
      '100.64.0.0',
      '100.127.255.255',
      '127.0.0.1',
      '127.255.255.255',
    ],
    ...[
      '169.254.0.0',
      '169.254.169.254',
      '169.254.170.2',
      '172.16.0.0',
      '172.31.255.255',
      '192.0.0.1',
      '192.0.2.1',
      '192.88.99.1',
    ],
    ...[
      '192.168.0.0',
      '192.168.255.255',
      '198.18.0.0',
      '198.19.255.255',
      '198.51.100.1',
      '203.0.113.1',
      '224.0.0.1',
      '240.0.0.1',
    ],
    '255.255.255.255',
    ...[
      '::',
      '::1',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '::ffff:a9fe:a9fe',
      '::127.0.0.1',
      '64:ff9b::7f00:1',
      '64:ff9b:1::1',
    ],
    ...[
      '100::1',
      '2001::1',
      '2001:20::1',
      '2001:db8::1',
      '2002:7f00:1::1',
      '3fff::1',
      '4000::1',
      'fc00::1',
      'fd00:ec2::254',
    ],
    ...['fe80::1', 'fe80::1%lo', 'fec0::1', 'ff02::1'],
  ])('%s is not', (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });

  it.each([
    '',
    'localhost',
    'example.com',
    '127.1',
    '0x7f000001',
    '2130706433',
    '1.2.3.4.5',
    '8.8.8.8/32',
    '[::1]',
    '8.8.8.8 ',
  ])('%j is no address', (text) => {
    expect(isPublicAddress(text)).toBe(false);
  });
});

describe('publicLookup', () => {
  const look = (hostname: string, options: { all?: boolean } = {}) =>
    new Promise<{ error: Error | null; address: string | LookupAddress[] }>((resolve) =>
      publicLookup(hostname, options, (error, address) => resolve({ error, address })),
    );

  it.each([{}, { all: true }])('refuses a name of this machine (%j)', async (options) => {
    expect((await look('localhost', options)).error).toMatchObject({
      name: 'SendoffError',
      code: 'security_error',
      status: 451,
      retryable: false,
      message: 'localhost is not on the public internet',
    });
  });

  it('answers public addresses, one or all', async () => {
    expect(await look('8.8.8.8')).toEqual({ error: null, address: '8.8.8.8' });
    expect(await look('8.8.8.8', { all: true })).toEqual({ error: null, address: [{ address: '8.8.8.8', family: 4 }] });
  });

  it('refuses a name with a private address among others, and a name without addresses', async () => {
    for (const [addresses, isRefused] of [
      [['8.8.8.8', '2606:4700::1'], false],
      [['8.8.8.8', '127.0.0.1'], true],
      [['10.0.0.1', '8.8.8.8'], true],
      [['8.8.8.8', '::1'], true],
      [[], true],
    ] as const) {
      const all = addresses.map((address) => ({ address, family: isIP(address) }));
      const resolve = createPublicLookup((_hostname, _options, callback) => callback(null, all));
      resolve('mixed.example', { all: true }, (error, answered) => {
        expect(error).toEqual(isRefused ? expect.objectContaining({ code: 'security_error' }) : null);
        expect(answered).toEqual(isRefused ? [] : all);
      });
    }
    expect.assertions(10);
  });

  it('resolves once: it answers the addresses that it checked, even if the name changes a moment later', () => {
    const answers = ['8.8.8.8', '127.0.0.1'];
    const rebinding = createPublicLookup((_hostname, _options, callback) =>
      callback(null, [{ address: answers.shift() ?? '', family: 4 }]),
    );
    rebinding('rebinding.example', {}, (error, address) => expect([error, address]).toEqual([null, '8.8.8.8']));
    rebinding('rebinding.example', {}, (error) => expect(error).toMatchObject({ code: 'security_error' }));
    expect.assertions(2);
  });

  it('passes on the error for an unknown name', async () => {
    expect((await look('nowhere.invalid')).error).toMatchObject({ syscall: 'getaddrinfo' });
  });
});
