export {
  type ChargeBounds,
  chargeBounds,
  isPayable,
  roundDownToStep,
  roundUpToStep,
} from './charge-bounds.js';
export { MAX_MINOR, allocate, percentOf, roundHalfEven, sum } from './money.js';
export { CURRENCIES, type Currency, decimals, formatMoney, isCurrency } from './currency.js';
