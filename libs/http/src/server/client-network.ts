import ipaddr from 'ipaddr.js';
import type { FastifyRequest } from 'fastify';

/** The network by which the requests of a client are counted: the address, and of IPv6 the /64, all of which a client can use. */
export function clientNetwork({ ip }: Pick<FastifyRequest, 'ip'>): string {
  if (!ipaddr.isValid(ip)) return ip;
  const address = ipaddr.process(ip);
  if (address.kind() === 'ipv4') return address.toString();
  return `${ipaddr.IPv6.networkAddressFromCIDR(`${address.toString()}/64`).toString()}/64`;
}
