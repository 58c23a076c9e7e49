import ipaddr from 'ipaddr.js';

const GLOBAL_UNICAST = ipaddr.parseCIDR('2000::/3') as [ipaddr.IPv6, number];

/**
 * True for an address of the public internet. Loopback, private, link-local (and with it cloud metadata), carrier's NAT,
 * multicast, documentation and everything else that is set aside is none, nor is an IPv4 address in the clothes of IPv6
 * (mapped, NAT64, 6to4, Teredo): whatever it wraps would be reached.
 */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  if (parsed.range() !== 'unicast') return false;
  return parsed.kind() === 'ipv4' || (parsed as ipaddr.IPv6).match(GLOBAL_UNICAST);
}
