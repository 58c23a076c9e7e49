import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { isPublicAddress } from './domain/public-address.js';

/** Where calendars are served, on this internet. */
const PORTS = new Set([80, 443, 8080, 8443]);

/** The edge to the internet: whose word it takes for where a server is, and where it lets us go. */
@Injectable()
export class FeedNetwork {
  /** All addresses of a host; of an address itself. Throws where there is none. */
  async resolve(host: string): Promise<string[]> {
    if (isIP(host) !== 0) return [host];
    const found = await lookup(host, { all: true, order: 'ipv4first' });
    return found.map(({ address }) => address);
  }

  allows(address: string, port: number): boolean {
    return PORTS.has(port) && isPublicAddress(address);
  }
}
