import {
  Arg,
  Args,
  BatchedEdge,
  Connection,
  type ConnectionPage,
  type EntityRef,
  ExternalEntity,
  Mutation,
  PageArguments,
  Query,
  Resolver,
  toConnection,
} from '@roost/graphql';
import { type AuthUser, CurrentUser, Idempotency, Roles, StepUp, Uuid, VerifiedEmail } from '@roost/http';
import { z } from 'zod';
import { PayoutAccountView, SetPayoutAccount } from './payout-account.dto.js';
import { PayoutAccountService } from './payout-account.service.js';
import { PayoutReader } from './payout-reader.service.js';
import { PayoutView, PayoutViewStatus } from './payout.dto.js';

const Booking = ExternalEntity('Booking');
type Ref = z.output<EntityRef>;

const PayoutFilter = { status: PayoutViewStatus.optional(), bookingId: Uuid.optional() };
type PayoutFilter = { status: PayoutViewStatus | undefined; bookingId: string | undefined };

@Resolver()
export class PayoutResolver {
  constructor(
    private readonly accounts: PayoutAccountService,
    private readonly reader: PayoutReader,
    private readonly idempotency: Idempotency,
  ) {}

  @Query(Connection(PayoutView), {
    description: 'Your payouts: upcoming amounts, then payouts, newest first.',
  })
  @Roles('host')
  async myPayouts(
    @CurrentUser() host: AuthUser,
    @Args({ ...PayoutFilter, ...PageArguments })
    { first: limit, after: cursor, ...filter }: PayoutFilter & PageArguments,
  ): Promise<ConnectionPage<PayoutView>> {
    return toConnection(await this.reader.list(host.id, { ...filter, limit, cursor }));
  }

  @Query(z.array(PayoutAccountView), { description: 'Your payout accounts: one per currency.' })
  @Roles('host')
  payoutAccounts(@CurrentUser() host: AuthUser): Promise<PayoutAccountView[]> {
    return this.accounts.list(host.id);
  }

  @Mutation(PayoutAccountView, { description: 'Payouts of the currency wait 72 hours after the change.' })
  @Roles('host')
  @StepUp()
  @VerifiedEmail()
  setPayoutAccount(
    @CurrentUser() host: AuthUser,
    @Arg('input', SetPayoutAccount) input: SetPayoutAccount,
  ): Promise<PayoutAccountView> {
    return this.idempotency.runOnce(() => this.accounts.set(host.id, input));
  }
}

@Resolver(Booking)
export class BookingPayoutsResolver {
  constructor(private readonly reader: PayoutReader) {}

  @BatchedEdge(z.array(PayoutView).nullable(), {
    description: 'The payouts of its host; null for other viewers.',
  })
  async payouts(bookings: readonly Ref[], viewer: AuthUser | null): Promise<(PayoutView[] | null)[]> {
    if (!viewer?.roles.includes('host')) return bookings.map(() => null);
    const payouts = await this.reader.ofBookings(
      viewer.id,
      bookings.map(({ id }) => id),
    );
    return payouts.map((list) => (list.length > 0 ? list : null));
  }
}
