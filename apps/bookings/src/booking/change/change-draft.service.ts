import { Injectable } from '@nestjs/common';
import { invalidField, Problem, uuidv7 } from '@roost/platform';
import { acceptsChanges, ListingSnapshotService } from '../../listing-snapshot/listing-snapshot.service.js';
import { StayPricing } from '../../quote/stay-pricing.service.js';
import type { RequestedStay } from '../../terms/domain/requested-stay.js';
import type { BookingContext } from '../booking-step.js';
import type { ProposeChange } from './change.dto.js';
import { BookingChange } from './change.entity.js';
import { ChangeLifecycle } from './change-lifecycle.service.js';
import {
  changedStay,
  isAutoApplied,
  isSameStay,
  violatedCheckOutLimit,
  respondBy,
  sameDates,
} from './domain/changed-stay.js';
import type { Side } from './domain/change-state.js';

/** Validates and prices a requested change. */
@Injectable()
export class ChangeDraftService {
  constructor(
    private readonly listings: ListingSnapshotService,
    private readonly pricing: StayPricing,
    private readonly changes: ChangeLifecycle,
  ) {}

  /** The change, in state `applied` if it needs no acceptance. It is not persisted yet. */
  async draft(
    { em, booking, now }: BookingContext,
    proposedBy: Side,
    request: ProposeChange,
  ): Promise<BookingChange> {
    const { terms } = booking;
    if (booking.state !== 'confirmed' && booking.state !== 'in_stay')
      throw new Problem('booking.transition_not_allowed', undefined, { state: booking.state });
    if (booking.openChangeId)
      throw new Problem('change.already_open', undefined, { changeId: booking.openChangeId });
    const next = changedStay(terms, request);
    validateChange(terms, next, request);
    const earliestCheckOutDate = violatedCheckOutLimit(terms, next, now);
    if (earliestCheckOutDate) throw new Problem('change.nights_stayed', undefined, { earliestCheckOutDate });

    const listing = await this.listings.find(terms.listingId, em);
    if (!listing || !acceptsChanges(listing)) throw new Problem('booking.listing_unavailable');
    const changed = this.pricing.changed(terms, listing, next, now);
    const autoApplied = isAutoApplied(terms, next, terms.price, changed.price);
    return Object.assign(new BookingChange(), {
      id: uuidv7(),
      bookingId: booking.id,
      state: autoApplied ? 'applied' : 'proposed',
      proposedBy,
      ...changed,
      differenceMinor: changed.totalMinor - terms.totalMinor,
      holdsNights: !sameDates(terms, next),
      expiresAt: autoApplied ? null : respondBy(terms, changed, now, this.changes.limits),
      acceptedAt: null,
      createdAt: now,
      updatedAt: now,
    });
  }
}

/** Throws 400 for dates in the wrong order, and 422 `change.nothing_changed`. */
function validateChange(current: RequestedStay, next: RequestedStay, request: ProposeChange): void {
  if (next.checkInDate >= next.checkOutDate) {
    throw request.checkOutDate
      ? invalidField('/checkOutDate', 'Must be after checkInDate')
      : invalidField('/checkInDate', 'Must be before the check-out');
  }
  if (isSameStay(current, next)) throw new Problem('change.nothing_changed');
}
