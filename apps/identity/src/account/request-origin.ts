import type { FastifyRequest } from 'fastify';
import ipaddr from 'ipaddr.js';

const MAX_USER_AGENT = 200;

export const userAgentOf = (request: Pick<FastifyRequest, 'headers'>): string | null =>
  request.headers['user-agent']?.slice(0, MAX_USER_AGENT) ?? null;

/** The network of an address: its /24 for IPv4, its /64 for IPv6, such as `203.0.113.0/24`. Null for no valid address. */
export function networkInCidr(address: string): string | null {
  if (!ipaddr.isValid(address)) return null;
  const parsed = ipaddr.process(address);
  const isV4 = parsed.kind() === 'ipv4';
  const prefix = isV4 ? 24 : 64;
  const cidr = `${parsed.toString()}/${String(prefix)}`;
  const network = isV4 ? ipaddr.IPv4.networkAddressFromCIDR(cidr) : ipaddr.IPv6.networkAddressFromCIDR(cidr);
  return `${network.toString()}/${String(prefix)}`;
}
