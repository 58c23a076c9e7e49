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
import type { AdminBookings, Booking as BookingDto, ListBookings } from './booking.dto.js';
import type { Booking } from './booking.entity.js';
import { findVisible, findAllVisible, listAllBookings, listBookings } from './booking.queries.js';
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
    return await pageOf(
      em,
      await listBookings(em, viewer.id, { ...query, before: positionOf(query) }),
      query,
    );
  }

  /** The bookings of all guests and hosts, for administrators. */
  async listAll(query: AdminBookings): Promise<PageOf<BookingDto>> {
    const em = this.em.fork();
    return await pageOf(em, await listAllBookings(em, { ...query, before: positionOf(query) }), query);
  }

  private async find(viewer: AuthUser, id: string): Promise<{ value: BookingDto; etag: string } | null> {
    const em = this.em.fork();
    const booking = await findVisible(em, id, isAdmin(viewer) ? null : viewer.id);
    if (!booking) return null;
    return { value: await viewOf(em, booking), etag: etagOf(booking.version, viewer.id) };
  }
}

interface PageRequest {
  limit: number;
  cursor?: string | undefined;
}

/** The id of the last booking of the page before; null for the first page. */
const positionOf = ({ cursor }: PageRequest): string | null =>
  decodeCursor(cursor, z.tuple([Uuid]))?.[0] ?? null;

async function pageOf(
  em: EntityManager,
  bookings: readonly Booking[],
  { limit }: PageRequest,
): Promise<PageOf<BookingDto>> {
  const found = page(bookings, limit, ({ id }) => [id]);
  return { ...found, data: await viewsOf(em, found.data) };
}
