import { domainToASCII, domainToUnicode } from 'node:url';
import { z } from 'zod';

const INTERNATIONAL = /[^\p{ASCII}]|@(?:.*\.)?xn--/u;
const ADDRESS = /^([^@]{1,64})@([^@]+)$/u;
/** Without the invisible ones: with them an address looks the same as another one. */
const LETTERS = /(?!\p{Default_Ignorable_Code_Point})[\p{L}\p{M}\p{N}]/gu;

/** One form of an address with a domain in any script; an ASCII address is returned as it is. */
function canonical(address: string): string {
  if (!INTERNATIONAL.test(address)) return address;
  const [, local = '', domain = ''] = ADDRESS.exec(address) ?? [];
  // An invalid domain becomes '', and the address is rejected.
  return `${local.normalize('NFC')}@${domainToUnicode(domainToASCII(domain))}`;
}

/** Letters of any script are checked as ASCII letters are. */
const isAddress = (address: string): boolean =>
  z.regexes.email.test(
    address.replace(LETTERS, (character) => (/^\p{ASCII}$/u.test(character) ? character : 'x')),
  );

/**
 * Email addresses, also with letters of other scripts. Converted to lower case and to one form of the domain, so that
 * comparisons ignore the case and Punycode.
 */
export const Email = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, { error: 'Must have at most 254 characters', abort: true })
  .transform(canonical)
  .pipe(z.string().refine(isAddress, { error: 'Must be an email address' }))
  .meta({ format: 'idn-email' });
