import { Instant } from '@roost/http';
import { z } from 'zod';

export const RefundStep = z
  .object({
    until: Instant.meta({
      description: 'A cancellation after the previous step and until this instant (inclusive) …',
    }),
    refundMinor: z.int().meta({ description: '… refunds this amount.' }),
  })
  .meta({ id: 'RefundStep' });
export type RefundStep = z.output<typeof RefundStep>;
