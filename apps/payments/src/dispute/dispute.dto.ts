import { Instant, Page, PageQuery, Uuid } from '@roost/http';
import { z } from 'zod';
import { PROVIDER_NAMES } from '../provider/provider.port.js';
import { disputeStatuses } from './domain/dispute-state.js';

const Minor = z.int().meta({ description: 'Amount in minor units of the currency.' });

export const DisputeView = z
  .object({
    id: Uuid,
    paymentId: Uuid,
    bookingId: Uuid,
    hostId: Uuid,
    provider: z.enum(PROVIDER_NAMES),
    providerRef: z.string().meta({ description: "The provider's reference of the dispute." }),
    status: z.enum(disputeStatuses),
    reason: z.string().nullable().meta({ description: 'The reason that the bank states.' }),
    currency: z.string(),
    amountMinor: Minor.meta({ description: 'The amount that the provider withdrew.' }),
    hostMinor: Minor.meta({ description: 'The part that the host bears if the dispute is lost.' }),
    platformMinor: Minor,
    taxMinor: Minor,
    excessMinor: Minor.meta({
      description: 'The part that was refunded before. The platform bears it if the dispute is lost.',
    }),
    evidenceDueAt: Instant.nullable().meta({
      description: 'Submit evidence in the dashboard of the provider until then.',
    }),
    openedAt: Instant,
    closedAt: Instant.nullable(),
  })
  .meta({ id: 'Dispute' });
export type DisputeView = z.output<typeof DisputeView>;

export const DisputePage = Page(DisputeView);

export const DisputesQuery = z.strictObject({
  ...PageQuery,
  status: z.enum(['open', ...disputeStatuses]).optional(),
  provider: z.enum(PROVIDER_NAMES).optional(),
  bookingId: Uuid.optional(),
});
export type DisputesQuery = z.output<typeof DisputesQuery>;
