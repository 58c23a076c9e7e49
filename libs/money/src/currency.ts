/** The national currencies of ISO 4217 in use. They have two decimals unless listed below. */
const CODES =
  'AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF ' +
  'CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD ' +
  'HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL ' +
  'LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP ' +
  'PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT ' +
  'TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG';
const NO_DECIMALS = 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF'.split(' ');
const THREE_DECIMALS = 'BHD IQD JOD KWD LYD OMR TND'.split(' ');

/** ISO 4217 code in capitals. */
export type Currency = string;

export const CURRENCIES: readonly Currency[] = CODES.split(' ');

const decimalsByCode = new Map<string, number>(
  CURRENCIES.map((code) => [code, NO_DECIMALS.includes(code) ? 0 : THREE_DECIMALS.includes(code) ? 3 : 2]),
);

export function isCurrency(code: unknown): code is Currency {
  return typeof code === 'string' && decimalsByCode.has(code);
}

/** The number of decimals of the currency's minor unit: 0 for JPY, 2 for USD, 3 for KWD. Throws a RangeError for an unknown code. */
export function decimals(code: Currency): number {
  const digits = decimalsByCode.get(code);
  if (digits === undefined) throw new RangeError(`Unknown currency ${code}`);
  return digits;
}

/** Formats an amount for a locale, for mails and receipts; exact for every safe integer. */
export function formatMoney(amountMinor: number, currency: Currency, locale = 'en'): string {
  const digits = decimals(currency);
  if (!Number.isSafeInteger(amountMinor)) throw new RangeError('An amount must be a whole number');
  const padded = String(Math.abs(amountMinor)).padStart(digits + 1, '0');
  const units = padded.slice(0, padded.length - digits);
  const fraction = digits === 0 ? '' : `.${padded.slice(-digits)}`;
  const exact = `${amountMinor < 0 ? '-' : ''}${units}${fraction}` as Intl.StringNumericLiteral;
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(exact);
}
