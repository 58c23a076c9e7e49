import { setImmediate as nextTick } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock, Health } from '@roost/platform';
import { addHours, localDate } from '@roost/stay';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import { type FeedContent, readFeed } from './domain/feed-events.js';
import { FeedUrlService } from './feed-url.service.js';
import { FeedClient, type FetchResult, type Validators } from './feed.client.js';
import type { FeedProblem } from './feed.dto.js';
import type { ClaimedFeed } from './feed.queries.js';

/** After this time a feed is read in full again: rules without an end reach further each day, even if the file does not change. */
const FULL_READ_HOURS = 24;

export interface NewContent {
  kind: 'content';
  content: FeedContent;
  validators: Validators;
  timeZone: string;
}

export type ReadResult =
  NewContent | { kind: 'unchanged' } | { kind: 'failed'; problem: FeedProblem; status?: number };

/** Fetches and parses the file of a feed. */
@Injectable()
export class FeedContentService {
  constructor(
    private readonly listings: ListingSnapshotService,
    private readonly client: FeedClient,
    private readonly urls: FeedUrlService,
    private readonly health: Health,
    private readonly clock: Clock,
  ) {}

  async read(feed: ClaimedFeed): Promise<ReadResult> {
    const listing = await this.listings.find(feed.listingId);
    const timeZone = listing?.timeZone ?? 'UTC';
    const now = this.clock.now();
    const isRecent =
      feed.readAt !== null && feed.readAt <= now && now < addHours(feed.readAt, FULL_READ_HOURS);
    const validators =
      isRecent && feed.readFor === timeZone
        ? { etag: feed.etag, lastModified: feed.lastModified }
        : { etag: null, lastModified: null };
    const url = this.urls.decrypt(feed.url);
    const fetched: FetchResult = await this.client.fetch(url, validators, this.health.closing);
    if (fetched.kind !== 'content') return fetched;
    const place = { listingId: feed.listingId, timeZone, today: localDate(now, timeZone) };
    const content = await readFeed(fetched.bytes, place, nextTick);
    if (typeof content === 'string') return { kind: 'failed', problem: content };
    return { kind: 'content', content, validators: fetched.validators, timeZone };
  }
}
