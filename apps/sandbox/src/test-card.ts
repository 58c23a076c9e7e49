/** The behaviour of a test card when it is charged. */
export interface TestCard {
  decline?: 'card_declined' | 'insufficient_funds';
  authenticate?: boolean;
  dispute?: boolean;
  /** The charge succeeds, and the connection is closed before the response. */
  silent?: boolean;
}

const cards: Record<string, TestCard> = {
  pm_card_visa: {},
  pm_card_chargeDeclined: { decline: 'card_declined' },
  pm_card_chargeDeclinedInsufficientFunds: { decline: 'insufficient_funds' },
  pm_card_authenticationRequired: { authenticate: true },
  pm_card_createDispute: { dispute: true },
  pm_sandbox_timeoutAfterCharge: { silent: true },
};

export const testCardOf = (paymentMethod: string): TestCard | undefined =>
  Object.hasOwn(cards, paymentMethod) ? cards[paymentMethod] : undefined;
