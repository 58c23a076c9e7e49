/** What a test card does when it is charged. */
export interface Card {
  decline?: 'card_declined' | 'insufficient_funds';
  authenticate?: boolean;
  dispute?: boolean;
  /** The charge happens, the answer never arrives. */
  silent?: boolean;
}

const cards: Record<string, Card> = {
  pm_card_visa: {},
  pm_card_chargeDeclined: { decline: 'card_declined' },
  pm_card_chargeDeclinedInsufficientFunds: { decline: 'insufficient_funds' },
  pm_card_authenticationRequired: { authenticate: true },
  pm_card_createDispute: { dispute: true },
  pm_sandbox_timeoutAfterCharge: { silent: true },
};

export const cardOf = (paymentMethod: string): Card | undefined =>
  Object.hasOwn(cards, paymentMethod) ? cards[paymentMethod] : undefined;
