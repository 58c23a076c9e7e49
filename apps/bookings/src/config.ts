import { FeeConfig } from '@roost/pricing';
import { z } from 'zod';

const wholeNumber = (standard: number, from: number, to: number) =>
  z.coerce
    .number()
    .int()
    .min(from)
    .max(to)
    .default(standard)
    .meta({ description: `a whole number from ${from} to ${to}` });

/** The settings that a marketplace chooses for itself. */
export const BookingsConfig = z.object({
  QUOTE_TTL_MINUTES: wholeNumber(15, 1, 1440),
  HOLD_TTL_MINUTES: wholeNumber(15, 1, 1440),
  /** For requests to book. The figures of hosts always count responses within 24 hours. */
  HOST_RESPONSE_HOURS: wholeNumber(24, 1, 72),
  CAPTURE_TTL_MINUTES: wholeNumber(10, 1, 60),
  /** For the response of the other side to a proposed change, and for the payment of its difference. */
  CHANGE_RESPONSE_HOURS: wholeNumber(24, 1, 72),
  CHANGE_PAYMENT_MINUTES: wholeNumber(60, 5, 1440),
  MESSAGES_PER_HOUR: wholeNumber(120, 1, 10_000),
  ENQUIRIES_PER_DAY: wholeNumber(30, 1, 1000),
  /** Card payments can be disputed for 540 days. */
  TEXT_RETENTION_DAYS: wholeNumber(1095, 600, 36_500),
  ...FeeConfig.shape,
});
