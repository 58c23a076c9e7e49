import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { etagOf, requireMatch, type AuthUser } from '@roost/http';
import { Clock, invalidField, Problem } from '@roost/platform';
import { localDate } from '@roost/stay';
import { ListingSnapshotService } from '../listing-snapshot/listing-snapshot.service.js';
import { CalendarPublisher } from './calendar-publisher.service.js';
import type { Links, LinkListings } from './calendar.dto.js';
import { lockLinksToChange, mark, release, toArray } from './calendar.queries.js';
import { importedEntries, importOwners } from './imported-entries.queries.js';
import { writeImported } from './imported-entries.js';

/** A house takes up the spaces of its rooms: booking one blocks the other, and rooms don't know of each other. */
@Injectable()
export class LinkService {
  constructor(
    private readonly transactions: Transactions,
    private readonly listings: ListingSnapshotService,
    private readonly publisher: CalendarPublisher,
    private readonly clock: Clock,
  ) {}

  /** READ COMMITTED: what is read after the lock has to be what the lock waited for. */
  async link(host: AuthUser, houseId: string, wanted: LinkListings): Promise<{ value: Links; etag: string }> {
    if (wanted.listingIds.includes(houseId))
      throw invalidField('/listingIds', 'A house is no room of itself');
    return await this.transactions.run((em) => this.relink(em, host, houseId, wanted), {
      isolation: 'read committed',
    });
  }

  private async relink(
    em: EntityManager,
    host: AuthUser,
    houseId: string,
    wanted: LinkListings,
  ): Promise<{ value: Links; etag: string }> {
    const house = await this.listings.findOwn(houseId, host.id, em);
    const rooms = await this.listings.findOwnMany(wanted.listingIds, host.id, em);
    if (rooms.length !== wanted.listingIds.length) {
      throw new Problem('listing.not_found', 'One of the rooms is no listing of yours');
    }
    const id = house.calendarListingId;
    const roomIds = rooms.map((room) => room.calendarListingId);
    const before = await this.spacesOf(em, id);
    await lockLinksToChange(em, [...new Set([id, ...roomIds, ...before])]);
    if ((await this.spacesOf(em, id)).join() !== before.join()) {
      throw new Problem('listing.link_clash', 'The links were being changed at the same time');
    }
    const version = await this.versionOf(em, id);
    requireMatch(etagOf(version, host.id));
    await this.refuseNesting(em, id, roomIds);

    await mark(em, id);
    await em.execute('DELETE FROM listing_space WHERE listing_id = ?', [id]);
    await em.execute('INSERT INTO listing_space (listing_id, space_id) SELECT ?, unnest(?::bigint[])', [
      id,
      toArray(roomIds.length > 0 ? roomIds : [id]),
    ]);
    await em.execute('UPDATE calendar_listing SET links_version = links_version + 1 WHERE id = ?', [id]);
    await this.moveEntries(em, id, localDate(this.clock.now(), house.timeZone ?? 'UTC'));
    await this.moveImports(em, id);
    await mark(em, id);
    await em.execute('INSERT INTO calendar_mark (listing_id) VALUES (?)', [id]);
    this.publisher.publishAfterCommit();
    return { value: { listingIds: wanted.listingIds }, etag: etagOf(version + 1, host.id) };
  }

  private async spacesOf(em: EntityManager, listingId: number): Promise<number[]> {
    const rows = await em.execute<{ id: string }[]>(
      'SELECT space_id AS id FROM listing_space WHERE listing_id = ? ORDER BY space_id',
      [listingId],
    );
    return rows.map((row) => Number(row.id));
  }

  private async versionOf(em: EntityManager, listingId: number): Promise<number> {
    const [row] = await em.execute<[{ version: number }]>(
      'SELECT links_version AS version FROM calendar_listing WHERE id = ?',
      [listingId],
    );
    return row.version;
  }

  /** Houses have rooms and rooms have none: one level, so that sharing a space is all there is to know. */
  private async refuseNesting(em: EntityManager, houseId: number, roomIds: number[]): Promise<void> {
    if (roomIds.length === 0) return;
    const [nested] = await em.execute<unknown[]>(
      `SELECT 1 FROM listing_space
       WHERE (listing_id = ANY(?::bigint[]) AND space_id <> listing_id)
         OR (space_id = ?::bigint AND listing_id <> ?::bigint) LIMIT 1`,
      [toArray(roomIds), houseId, houseId],
    );
    if (nested) throw new Problem('listing.link_clash', 'A room can not have rooms, nor a house be a room');
  }

  /** What holds nights of the house from today on comes along into its new spaces, or nothing changes. */
  private async moveEntries(em: EntityManager, houseId: number, today: string): Promise<void> {
    const [moved] = await em.execute<[{ complete: boolean }]>(
      `WITH mine AS (
         SELECT DISTINCT owner_id, change_id, kind, nights, live FROM calendar_entry
         WHERE listing_id = ?::bigint AND kind <> 'import' AND upper(nights) > ?::date),
       wanted AS (
         SELECT m.*, s.space_id FROM mine m JOIN listing_space s ON s.listing_id = ?::bigint
         WHERE NOT EXISTS (SELECT FROM calendar_entry e WHERE e.listing_id = s.listing_id AND e.owner_id = m.owner_id
           AND e.space_id = s.space_id AND e.kind = m.kind AND e.nights = m.nights
           AND e.change_id IS NOT DISTINCT FROM m.change_id)),
       held AS (
         INSERT INTO calendar_entry (listing_id, space_id, owner_id, change_id, kind, nights, live)
         SELECT ?::bigint, space_id, owner_id, change_id, kind, nights, live FROM wanted
         ORDER BY space_id, lower(nights) ON CONFLICT DO NOTHING RETURNING 1)
       SELECT (SELECT count(*) FROM held) = (SELECT count(*) FROM wanted) AS complete`,
      [houseId, today, houseId, houseId],
    );
    if (!moved.complete) throw new Problem('listing.link_clash');
    await em.execute(
      `DELETE FROM calendar_entry e WHERE listing_id = ?::bigint AND kind <> 'import' AND upper(nights) > ?::date
         AND NOT EXISTS (SELECT FROM listing_space s WHERE s.listing_id = e.listing_id AND s.space_id = e.space_id)`,
      [houseId, today],
    );
  }

  /** What is imported refuses no link: it blocks what the stays in the new spaces leave of it. */
  private async moveImports(em: EntityManager, houseId: number): Promise<void> {
    for (const ownerId of await importOwners(em, houseId)) {
      const nights = await importedEntries(em, ownerId);
      await release(em, ownerId);
      await writeImported(em, ownerId, houseId, nights);
    }
  }
}
