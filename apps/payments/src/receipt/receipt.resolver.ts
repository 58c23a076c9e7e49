import { BatchedEdge, type EntityRef, ExternalEntity, Resolver } from '@roost/graphql';
import type { AuthUser } from '@roost/http';
import { z } from 'zod';
import { PaymentView } from '../payment/payment.dto.js';
import { ReceiptReader } from './receipt-reader.service.js';
import { Receipt } from './receipt.dto.js';

const Booking = ExternalEntity('Booking');
type Ref = z.output<EntityRef>;

@Resolver(PaymentView)
export class PaymentReceiptResolver {
  constructor(private readonly receipts: ReceiptReader) {}

  @BatchedEdge(Receipt.nullable())
  async receipt(payments: readonly PaymentView[], viewer: AuthUser | null): Promise<(Receipt | null)[]> {
    if (!viewer) return payments.map(() => null);
    return this.receipts.ofPayments(
      viewer,
      payments.map(({ id }) => id),
    );
  }
}

/** The receipts of a booking and its changes. Empty for other users. */
@Resolver(Booking)
export class BookingReceiptsResolver {
  constructor(private readonly reader: ReceiptReader) {}

  @BatchedEdge(z.array(Receipt).nullable())
  async receipts(bookings: readonly Ref[], viewer: AuthUser | null): Promise<(Receipt[] | null)[]> {
    if (!viewer) return bookings.map(() => null);
    return this.reader.ofBookings(
      viewer,
      bookings.map(({ id }) => id),
    );
  }
}
