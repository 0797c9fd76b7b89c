import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';
import { SendoffError } from '../../core/errors.ts';

/** Networks that callers must not reach through Sendoff: IANA's special-purpose registries, which include metadata services. */
const REFUSED: readonly (readonly [string, number, 'ipv4' | 'ipv6'])[] = [
  ['0.0.0.0', 8, 'ipv4'],
  ['10.0.0.0', 8, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['127.0.0.0', 8, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.0.0.0', 24, 'ipv4'],
  ['192.0.2.0', 24, 'ipv4'],
  ['192.88.99.0', 24, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['198.18.0.0', 15, 'ipv4'],
  ['198.51.100.0', 24, 'ipv4'],
  ['203.0.113.0', 24, 'ipv4'],
  ['224.0.0.0', 3, 'ipv4'],
];

const refusedIPv4 = new BlockList();
for (const [network, prefix, family] of REFUSED) refusedIPv4.addSubnet(network, prefix, family);

/** Only global unicast addresses of IPv6 (2000::/3) are public, without documentation, ORCHID, Teredo and 6to4. */
const publicIPv6 = new BlockList();
publicIPv6.addSubnet('2000::', 3, 'ipv6');
const refusedIPv6 = new BlockList();
for (const [network, prefix] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  refusedIPv6.addSubnet(network, prefix, 'ipv6');

/** True for an address on the public internet; false for IPv6 that contains IPv4 (mapped, NAT64, 6to4). */
export function isPublicAddress(address: string): boolean {
  if (isIP(address) === 4) return !refusedIPv4.check(address, 'ipv4');
  return isIP(address) === 6 && publicIPv6.check(address, 'ipv6') && !refusedIPv6.check(address, 'ipv6');
}

/** The error for a host with a private address; not retryable. */
export function privateAddressError(hostname: string): SendoffError {
  return new SendoffError('security_error', 451, `${hostname} is not on the public internet`);
}

type ResolveAll = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A `lookup` for node:http(s) that refuses a name if one of its addresses is private. The socket connects to the addresses
 * that were checked, so that DNS rebinding has no effect.
 */
export const publicLookup: LookupFunction = createPublicLookup(lookup);

/** Makes such a lookup; tests resolve names of their own. */
export function createPublicLookup(resolve: ResolveAll): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      if (addresses.length === 0 || addresses.some(({ address }) => !isPublicAddress(address)))
        return callback(privateAddressError(hostname), []);
      if (options.all) return callback(null, addresses);
      const [first] = addresses;
      return callback(null, first?.address ?? '', first?.family);
    });
  };
}
