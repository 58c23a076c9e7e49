export { countedGuests, sameGuests } from './guests.js';
export {
  DEFAULT_FEES,
  DEFAULT_STAY_RULES,
  FeeConfig,
  type Fees,
  Guests,
  PriceRules,
  QuoteLine,
  StayRules,
  TaxRule,
} from './rules.js';
export { type PriceRefusal, checkPrices } from './check-prices.js';
export {
  type PricedNight,
  type PricedStay,
  type PricedTax,
  type StayToPrice,
  priceNight,
  priceStay,
} from './price-stay.js';
export {
  type StayRefusal,
  type StayRuleName,
  type StayToCheck,
  checkChangedStay,
  checkStay,
  minNightsOn,
} from './check-stay.js';
