import type { Contact } from './contact.js';

/** The length of an IBAN by country. */
const LENGTHS = new Map(
  [
    'NO15 BE16 DK18 FI18 FO18 GL18 NL18 MK19 SI19 AT20 BA20 EE20 KZ20 LT20 LU20 XK20 CH21 HR21 LI21 LV21',
    'BG22 BH22 CR22 DE22 GB22 GE22 IE22 ME22 RS22 AE23 GI23 IL23 IQ23 AD24 CZ24 ES24 MD24 PK24 RO24 SA24',
    'SE24 SK24 TN24 VG24 PT25 IS26 TR26 FR27 GR27 IT27 MC27 SM27 AL28 AZ28 BY28 CY28 DO28 EG29 GT28 HU28',
    'LB28 PL28 UA29 BR29 PS29 QA29 KW30 MU30 JO30 MT31 SC31 LC32',
  ]
    .flatMap((line) => line.split(' '))
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

const CANDIDATE = /(?<![\p{L}\p{N}])[a-z]{2}[\s.-]?\d{2}(?:[\s.-]?[a-z\d]){11,30}/giu;

/** Finds bank account numbers (IBAN) in a text that `normalizeText` returned. */
export function findBankAccounts(text: string): Contact[] {
  return [...text.matchAll(CANDIDATE)].flatMap(({ 0: candidate, index }) => {
    const length = LENGTHS.get(candidate.slice(0, 2).toUpperCase());
    const positions = [...candidate.matchAll(/[a-z\d]/giu)];
    const last = length === undefined ? undefined : positions[length - 1];
    if (last === undefined) return [];
    const end = index + last.index + 1;
    const iban = positions.slice(0, length).map(([character]) => character);
    const isWhole = !/^[\p{L}\p{N}]/u.test(text.slice(end));
    return isWhole && hasValidChecksum(iban) ? [{ kind: 'bank_account' as const, start: index, end }] : [];
  });
}

/** ISO 13616: the first four characters move to the end, letters count 10 to 35, and the rest of a division by 97 is 1. */
function hasValidChecksum(iban: readonly string[]): boolean {
  const digits = [...iban.slice(4), ...iban.slice(0, 4)].map((character) => parseInt(character, 36)).join('');
  return BigInt(digits) % 97n === 1n;
}
