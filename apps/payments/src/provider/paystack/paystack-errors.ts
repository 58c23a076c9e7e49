import { z } from 'zod';
import { ProviderRejection } from '../provider.port.js';

/** The body of a rejected request. Only some errors have a `code`. */
export const ErrorBody = z.object({
  status: z.literal(false),
  message: z.string().max(2_000).catch(''),
  code: z.string().max(200).nullish().catch(null),
});

/** Our codes, by the codes and the messages of https://paystack.com/docs/api/errors. The first match applies. */
const codes: [code: string, pattern: RegExp][] = [
  ['reference_exists', /duplicate.*reference|reference already exists|duplicate charge request/i],
  ['currency_not_supported', /currency.*not supported|unsupported.currency/i],
  ['balance_insufficient', /insufficient.balance|balance is not enough/i],
  ['already_refunded', /fully (reversed|refunded)/i],
  ['recipient_invalid', /recipient/i],
  ['not_found', /not.found/i],
  ['amount_rejected', /amount|refund less than/i],
];

/** A stable code without any text of Paystack, which may contain data of the guest. */
export function rejectionCode(status: number, { code, message }: z.output<typeof ErrorBody>): string {
  const match =
    codes.find(([, pattern]) => pattern.test(code ?? '')) ??
    codes.find(([, pattern]) => pattern.test(message));
  return match?.[0] ?? (status === 404 ? 'not_found' : 'provider_rejected');
}

export const isNotFound = (error: unknown): boolean =>
  error instanceof ProviderRejection && error.code === 'not_found';
