import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { isPublicAddress } from './domain/public-address.js';

/** The ports on which calendars are served. */
const PORTS = new Set([80, 443, 8080, 8443]);

/** The network access of feeds: resolves hosts, and decides which addresses may be reached. */
@Injectable()
export class FeedNetwork {
  /** All addresses of a host; an address resolves to itself. Throws for an unknown host. */
  async resolve(host: string): Promise<string[]> {
    if (isIP(host) !== 0) return [host];
    const found = await lookup(host, { all: true, order: 'ipv4first' });
    return found.map(({ address }) => address);
  }

  allows(address: string, port: number): boolean {
    return PORTS.has(port) && isPublicAddress(address);
  }
}
