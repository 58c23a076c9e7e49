import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { requireActiveAccount } from '@roost/accounts';
import { addLogFields, decodeCursor, Idempotency, page, type PageOf, Uuid, type AuthUser } from '@roost/http';
import { Clock, Problem } from '@roost/platform';
import { z } from 'zod';
import { NightsTaken, StaleHolds } from '../../calendar/stale-holds.port.js';
import { BookingLifecycle } from '../booking-lifecycle.service.js';
import { nightsOf } from '../booking-nights.service.js';
import type { BookingStep } from '../booking-step.js';
import type { Booking } from '../booking.entity.js';
import { findVisible, lockVisible } from '../booking.queries.js';
import { ChangeDraftService } from './change-draft.service.js';
import { ChangeLifecycle } from './change-lifecycle.service.js';
import type { ChangeStep } from './change-step.js';
import {
  type BookingChange as ChangeDto,
  type ListChanges,
  type ProposeChange,
  toChangeDto,
} from './change.dto.js';
import { findChange, listChanges } from './change.queries.js';
import type { Side } from './domain/change-state.js';

/** One side proposes other terms; the other side accepts or declines. */
@Injectable()
export class ChangeService {
  constructor(
    private readonly em: EntityManager,
    private readonly idempotency: Idempotency,
    private readonly bookings: BookingLifecycle,
    private readonly changes: ChangeLifecycle,
    private readonly drafts: ChangeDraftService,
    private readonly staleHolds: StaleHolds,
    private readonly clock: Clock,
  ) {}

  async propose(user: AuthUser, bookingId: string, request: ProposeChange): Promise<ChangeDto> {
    return await this.staleHolds.retryAfterEnding(() =>
      this.idempotency.runOnce(async (em) => {
        const context = await this.lock(em, user, bookingId);
        const { booking } = context;
        await requireActiveAccount(em, user.id);
        const change = await this.drafts.draft(context, sideOf(booking, user), request);
        const step = { ...context, change };
        if (change.state === 'applied') await this.changes.applyNew(step);
        else if (!(await this.changes.propose(step))) {
          const { checkInDate, checkOutDate } = change;
          const nights = { ...nightsOf(booking), ownerId: booking.ownerId, checkInDate, checkOutDate };
          throw new NightsTaken('booking.dates_unavailable', nights);
        }
        return toChangeDto(change, booking.terms.currency);
      }),
    );
  }

  async accept(user: AuthUser, bookingId: string, changeId: string): Promise<ChangeDto> {
    return await this.decide(user, bookingId, changeId, async (step) => {
      await requireActiveAccount(step.em, user.id);
      await this.changes.accept(step);
    });
  }

  async decline(user: AuthUser, bookingId: string, changeId: string): Promise<ChangeDto> {
    return await this.decide(user, bookingId, changeId, (step) => this.changes.decline(step));
  }

  async withdraw(user: AuthUser, bookingId: string, changeId: string): Promise<ChangeDto> {
    return await this.decide(user, bookingId, changeId, (step) => this.changes.withdraw(step));
  }

  /** The version is for the ETag. */
  async read(
    viewer: AuthUser,
    bookingId: string,
    changeId: string,
  ): Promise<{ change: ChangeDto; version: number }> {
    const em = this.em.fork();
    const booking = await findVisible(em, bookingId, viewer.roles.includes('admin') ? null : viewer.id);
    const change = booking && (await findChange(em, bookingId, changeId));
    if (!change) throw new Problem('change.not_found');
    return { change: toChangeDto(change, booking.terms.currency), version: change.version };
  }

  /** Newest first. */
  async list(
    viewer: AuthUser,
    bookingId: string,
    { limit, cursor }: ListChanges,
  ): Promise<PageOf<ChangeDto>> {
    const em = this.em.fork();
    const booking = await findVisible(em, bookingId, viewer.roles.includes('admin') ? null : viewer.id);
    if (!booking) throw new Problem('booking.not_found');
    const before = decodeCursor(cursor, z.tuple([Uuid]))?.[0] ?? null;
    const found = page(await listChanges(em, bookingId, before, limit + 1), limit, ({ id }) => [id]);
    return { ...found, data: found.data.map((change) => toChangeDto(change, booking.terms.currency)) };
  }

  private async decide(
    user: AuthUser,
    bookingId: string,
    changeId: string,
    apply: (step: ChangeStep) => Promise<void>,
  ): Promise<ChangeDto> {
    return await this.idempotency.runOnce(async (em) => {
      const step = await this.lock(em, user, bookingId);
      const change = await findChange(em, bookingId, changeId);
      if (!change) throw new Problem('change.not_found');
      await apply({ ...step, change });
      return toChangeDto(change, step.booking.terms.currency);
    });
  }

  private async lock(em: EntityManager, user: AuthUser, id: string): Promise<BookingStep> {
    const now = this.clock.now();
    const booking = await lockVisible(em, id, user.id);
    if (!booking) throw new Problem('booking.not_found');
    addLogFields({ bookingId: id, listingId: booking.terms.listingId });
    await this.bookings.processOverdue({ em, booking, now });
    return { em, booking, now, actor: { by: sideOf(booking, user), id: user.id } };
  }
}

const sideOf = (booking: Booking, user: AuthUser): Side =>
  booking.terms.hostId === user.id ? 'host' : 'guest';
