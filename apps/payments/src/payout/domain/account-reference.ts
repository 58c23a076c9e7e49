import type { ProviderName } from '../../provider/provider.port.js';

/** A changed account receives no payout for this long. */
export const ACCOUNT_HOLD_HOURS = 72;

const formats: Record<ProviderName, { pattern: RegExp; description: string }> = {
  sandbox: { pattern: /^acct_[A-Za-z0-9_]{4,60}$/, description: 'acct_ and 4 to 60 letters, digits or _' },
  stripe: {
    pattern: /^acct_[A-Za-z0-9]{8,60}$/,
    description: 'a connected account: acct_ and 8 to 60 letters or digits',
  },
  paystack: {
    pattern: /^RCP_[A-Za-z0-9]{4,60}$/,
    description: 'a recipient code: RCP_ and 4 to 60 letters or digits',
  },
};

/** What is wrong with the reference of an account at a provider; null if it is well-formed. */
export function referenceProblem(provider: ProviderName, reference: string): string | null {
  const { pattern, description } = formats[provider];
  return pattern.test(reference) ? null : `Must be ${description}`;
}

/** A reference for answers: only its last four characters. */
export const maskedReference = (lastFour: string): string => `••••${lastFour}`;

export const lastFourOf = (reference: string): string => reference.slice(-4);
