import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import {
  Uuid,
  decodeCursor,
  etagOf,
  page,
  waitForChange,
  type AuthUser,
  type PageOf,
  type WaitRequest,
} from '@roost/http';
import { Problem } from '@roost/platform';
import { z } from 'zod';
import type { Booking as BookingDto, ListBookings } from './booking.dto.js';
import { findVisible, findAllVisible, listBookings } from './booking.queries.js';
import { viewOf, viewsOf } from './booking-view.js';

const isAdmin = (user: AuthUser): boolean => user.roles.includes('admin');

/** Reads bookings for their guests and hosts, and for administrators. */
@Injectable()
export class BookingReader {
  constructor(private readonly em: EntityManager) {}

  /** Returns the booking at once, or, if the caller prefers to wait, when it differs from the caller's version. */
  async read(viewer: AuthUser, id: string, wait: WaitRequest): Promise<{ value: BookingDto; etag: string }> {
    const found = await this.find(viewer, id);
    if (!found) throw new Problem('booking.not_found');
    if (wait.seconds === 0) return found;
    return (await waitForChange({ ...wait, read: () => this.find(viewer, id) })) ?? found;
  }

  async one(viewer: AuthUser, id: string): Promise<BookingDto> {
    const found = await this.find(viewer, id);
    if (!found) throw new Problem('booking.not_found');
    return found.value;
  }

  /** The bookings among these that the viewer may see. */
  async readAll(viewer: AuthUser, ids: readonly string[]): Promise<BookingDto[]> {
    const em = this.em.fork();
    const bookings = await findAllVisible(em, ids, isAdmin(viewer) ? null : viewer.id);
    return await viewsOf(em, bookings);
  }

  async list(viewer: AuthUser, query: ListBookings): Promise<PageOf<BookingDto>> {
    const em = this.em.fork();
    const [before = null] = decodeCursor(query.cursor, z.tuple([Uuid])) ?? [];
    const found = page(await listBookings(em, viewer.id, { ...query, before }), query.limit, (booking) => [
      booking.id,
    ]);
    return { ...found, data: await viewsOf(em, found.data) };
  }

  private async find(viewer: AuthUser, id: string): Promise<{ value: BookingDto; etag: string } | null> {
    const em = this.em.fork();
    const booking = await findVisible(em, id, isAdmin(viewer) ? null : viewer.id);
    if (!booking) return null;
    return { value: await viewOf(em, booking), etag: etagOf(booking.version, viewer.id) };
  }
}
