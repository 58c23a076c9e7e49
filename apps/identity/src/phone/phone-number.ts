import { type CountryCode, isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/mobile';
import { z } from 'zod';

const PHONE = 'Must be a mobile number in international format, such as +1 202 555 0123';

/** The number in E.164, or an empty text if it is not one of a mobile phone. */
function canonical(text: string): string {
  const parsed = parsePhoneNumberFromString(text, { extract: false });
  return parsed?.isValid() && parsed.ext === undefined ? parsed.number : '';
}

/** A mobile number, converted to E.164. Text messages to landlines and to premium numbers cost, and reach no user. */
export const PhoneNumber = z
  .string()
  .trim()
  .max(40, { error: PHONE, abort: true })
  .transform(canonical)
  .pipe(z.string().min(1, { error: PHONE }))
  .meta({ examples: ['+12025550123'] });

/** The country of a number in E.164; undefined for numbers of satellites and the like. */
export const countryOf = (phone: string): CountryCode | undefined =>
  parsePhoneNumberFromString(phone)?.country;

const COUNTRIES = /^[A-Z]{2}(,[A-Z]{2})*$/;

/** A comma-separated list of countries. */
export const PhoneCountries = z
  .string()
  .refine((list) => COUNTRIES.test(list) && list.split(',').every((code) => isSupportedCountry(code)));
