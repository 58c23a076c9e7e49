import { isIP } from 'node:net';
import { Injectable } from '@nestjs/common';
import { Encryption, Problem } from '@roost/platform';
import { hostOf, maskedUrl, portOf, readFeedUrl } from './domain/feed-url.js';
import { FeedNetwork } from './feed-network.js';

const CONTEXT = 'calendar_feed.url';

/** The URLs of feeds. They are secrets: stored encrypted, and shown without path and query. */
@Injectable()
export class FeedUrlService {
  constructor(
    private readonly encryption: Encryption,
    private readonly network: FeedNetwork,
  ) {}

  /** Throws 422 `feed.url_not_allowed`. The addresses of a host name are checked at each fetch, an IP address here. */
  parse(text: string): URL {
    const url = readFeedUrl(text);
    if (typeof url === 'string') throw notAllowed(url);
    const host = hostOf(url);
    if (isIP(host) !== 0 && !this.network.allows(host, portOf(url))) {
      throw notAllowed('Must be a server of the public internet, on port 80, 443, 8080 or 8443');
    }
    return url;
  }

  encrypt(url: URL): string {
    return this.encryption.encrypt(url.href, CONTEXT);
  }

  decrypt(encrypted: string): string {
    return this.encryption.decrypt(encrypted, CONTEXT);
  }

  mask(encrypted: string): string {
    return maskedUrl(new URL(this.decrypt(encrypted)));
  }
}

const notAllowed = (detail: string): Problem =>
  new Problem('feed.url_not_allowed', detail, { errors: [{ pointer: '/url', detail }] });
