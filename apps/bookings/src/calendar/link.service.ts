import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { etagOf, requireMatch, type AuthUser } from '@roost/http';
import { Clock, invalidField, Problem } from '@roost/platform';
import { localDate } from '@roost/stay';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import { CalendarPublisher } from './calendar-publisher.service.js';
import type { Links, LinkListings } from './calendar.dto.js';
import { lockLinksToChange, markDirty, release } from './calendar.queries.js';
import { writeImported } from './imported-entries.js';
import { importedEntries, importOwners } from './imported-entries.queries.js';
import { isNested, linksVersion, moveEntries, replaceSpaces, roomsOf, spacesOf } from './link.queries.js';
import { markListingDirty } from './listing.queries.js';

interface LinkedHouse {
  value: Links;
  etag: string;
}

/** A house has the spaces of its rooms: booking the house blocks its rooms and the reverse, but a room blocks no other room. */
@Injectable()
export class LinkService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly listings: ListingSnapshotService,
    private readonly publisher: CalendarPublisher,
    private readonly clock: Clock,
  ) {}

  /** The version is read before the rooms: an ETag that is too old makes a later write fail, and never overwrite. */
  async read(host: AuthUser, houseId: string): Promise<LinkedHouse> {
    const em = this.em.fork();
    const { calendarListingId } = await this.listings.findOwn(houseId, host.id, em);
    const version = await linksVersion(em, calendarListingId);
    const listingIds = await roomsOf(em, calendarListingId);
    return { value: { listingIds }, etag: etagOf(version, host.id) };
  }

  /** READ COMMITTED: a read after the lock has to see the changes that the lock waited for. */
  async link(host: AuthUser, houseId: string, { listingIds }: LinkListings): Promise<LinkedHouse> {
    if (listingIds.includes(houseId)) throw invalidField('/listingIds', 'Must not contain the house itself');
    return await this.transactions.run((em) => this.relink(em, host, houseId, listingIds), {
      isolation: 'read committed',
    });
  }

  private async relink(
    em: EntityManager,
    host: AuthUser,
    houseId: string,
    listingIds: string[],
  ): Promise<LinkedHouse> {
    const house = await this.listings.findOwn(houseId, host.id, em);
    const rooms = await this.listings.findOwnMany(listingIds, host.id, em);
    if (rooms.length !== listingIds.length) {
      throw new Problem('listing.not_found', 'One of the rooms is not one of your listings');
    }
    const id = house.calendarListingId;
    const roomIds = rooms.map((room) => room.calendarListingId);
    const before = await spacesOf(em, id);
    await lockLinksToChange(em, [...new Set([id, ...roomIds, ...before])]);
    if ((await spacesOf(em, id)).join() !== before.join()) {
      throw new Problem('listing.link_clash', 'Another request changed the links at the same time');
    }
    const version = await linksVersion(em, id);
    requireMatch(etagOf(version, host.id));
    await this.requireOneLevel(em, id, roomIds);

    await markDirty(em, id);
    await replaceSpaces(em, id, roomIds.length > 0 ? roomIds : [id]);
    const today = localDate(this.clock.now(), house.timeZone ?? 'UTC');
    if (!(await moveEntries(em, id, today))) throw new Problem('listing.link_clash');
    await this.moveImports(em, id);
    await markDirty(em, id);
    await markListingDirty(em, houseId);
    this.publisher.publishAfterCommit();
    return { value: { listingIds }, etag: etagOf(version + 1, host.id) };
  }

  /** Houses have rooms and rooms have none. With one level, two listings block each other if and only if they share a space. */
  private async requireOneLevel(em: EntityManager, houseId: number, roomIds: number[]): Promise<void> {
    if (roomIds.length > 0 && (await isNested(em, houseId, roomIds)))
      throw new Problem('listing.link_clash', 'A room can’t have rooms, and a house can’t be a room');
  }

  /** Imported nights never prevent a link: in the new spaces they block the nights that no stay has. */
  private async moveImports(em: EntityManager, houseId: number): Promise<void> {
    for (const ownerId of await importOwners(em, houseId)) {
      const nights = await importedEntries(em, ownerId);
      await release(em, ownerId);
      await writeImported(em, ownerId, houseId, nights);
    }
  }
}
