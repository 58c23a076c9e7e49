import type { Contact } from './contact.js';

const DAY = '(?:0?[1-9]|[12]\\d|3[01])';
const MONTH = '(?:0?[1-9]|1[0-2])';
const YEAR = '(?:19|20)\\d{2}';
const CURRENCY = String.raw`(?:[$€£¥₩₹₽₺₫฿₪₴₦₱]|(?:USD|EUR|GBP|JPY|CHF|CAD|AUD|NZD|KRW|CNY|HKD|SGD|INR|IDR|VND|THB|MYR|PHP|BRL|MXN|COP|CLP|ARS|PEN|ZAR|TRY|PLN|CZK|HUF|RON|SEK|NOK|DKK|ISK|AED|SAR|KWD|ILS|RUB|UAH|NGN|KES|EGP|MAD|TWD)(?![\p{L}]))`;
const CURRENCY_WORD = String.raw`(?:euros?|dollars?|pounds?|yen|won|kr|krona|kroner|pesos?|reais|rupees|rupiah|dong|baht|francs?|zl|zloty|liras?)(?![\p{L}])`;
/** Backreferences need names, and a pattern may contain a name once. */
const amount = (separator: string) =>
  String.raw`(?:\d{1,3}(?<${separator}>[ .,'])\d{3}(?:\k<${separator}>\d{3})*(?:[.,]\d{1,2})?(?!\d)|\d{1,9}(?:[.,]\d{1,3})?(?!\d))`;

/** Numbers that are not phone numbers; they are removed before the search for phone numbers. */
const NOT_PHONES = [
  // 0198c0de-0000-7000-8000-000000000000
  String.raw`(?<![\p{L}\p{N}])[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}(?![\p{L}\p{N}])`,
  // 2027-06-10, 2027/6/1; then 10.06.2027, 6/10/2027, 1 2 2027; then 10/06/27
  String.raw`(?<!\d)(?<!\d[-./])${YEAR}(?<a>[-./])${MONTH}\k<a>${DAY}(?!\d)`,
  String.raw`(?<!\d)(?<!\d[-./])${DAY}(?<b>[-./ ])${DAY}\k<b>${YEAR}(?![-./]?\d)`,
  String.raw`(?<!\d[-./ ]?)${DAY}(?<c>[-./])${DAY}\k<c>\d{2}(?![-./ ]?\d)`,
  // 10-14.06.2027; numbers 123456/2027 and 383071/230/06481
  String.raw`(?<!\d[-./ ]?)${DAY}\s?-\s?${DAY}(?<j>[./])${DAY}\k<j>${YEAR}(?![-./]?\d)`,
  String.raw`(?<!\d[-./ ]?)\d{3,8}/${YEAR}(?![-./]?\d)`,
  String.raw`(?<!\d[-./ ]?)\d{6,8}/\d{3}/\d{5}(?![-./]?\d)`,
  // 10/06-14/06/2027, 10.06.27-14.06.27, 20270610
  String.raw`(?<!\d[-./ ]?)${DAY}(?<d>[./])${DAY}\k<d>?\s?-\s?${DAY}\k<d>${DAY}\k<d>(?:${YEAR}|\d{2})(?![-./]?\d)`,
  String.raw`(?<!\d[-./ ]?)${DAY}(?<e>[./])${DAY}\k<e>(?:${YEAR}|\d{2})\s?-\s?${DAY}\k<e>${DAY}\k<e>(?:${YEAR}|\d{2})(?![-./]?\d)`,
  String.raw`(?<!\d)${YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\d)`,
  // 07.00-17.00; the score 1000000/10
  String.raw`(?<!\d[-./ ]?)(?:[01]?\d|2[0-4])[.h][0-5]\d\s?-\s?(?:[01]?\d|2[0-4])[.h][0-5]\d(?![-./ ]?\d)`,
  String.raw`(?<!\d[-./ ]?)10{1,11}/10(?![-./ ]?\d)`,
  // €1.250.000, 120 000 kr, 100-150 EUR
  String.raw`${CURRENCY}\s?${amount('f')}(?:\s?-\s?${amount('g')})?`,
  String.raw`(?<!\d[ .,-]?)${amount('h')}(?:\s?-\s?${amount('i')})?\s?(?:${CURRENCY}|${CURRENCY_WORD})`,
  // 1,250,000; 42.652612, but not 555.0142, the end of a phone number; 192.168.100.100
  String.raw`(?<![\d.,])[1-9]\d{0,2}(?:,\d{3})+(?:\.\d{1,2})?(?![\d,])`,
  String.raw`(?<![\d.])(?!\d{3}\.\d{4}(?!\d))-?(?:0|[1-9]\d{0,2})\.\d{4,15}(?![\d.])`,
  String.raw`(?<![\d.])(?:[1-9]?\d|1\d\d|2[0-4]\d|25[0-5])(?:\.(?:[1-9]?\d|1\d\d|2[0-4]\d|25[0-5])){3}(?![\d.])`,
].map((pattern) => new RegExp(pattern, 'giu'));

/** The kind of a number, by the words before it; the nearest applies. `number` alone is not a cue. */
const CUES = new RegExp(
  [
    String.raw`(?<document>(?:licen[cs]e|application|licencia|registration|permit|tax|vat|nif|iban|passport|reference|ref|booking|reservation|confirmation|order|invoice|ticket|tracking|coordinates|gps|latitude|longitude)(?:\s?(?:number|no|nr|id|code))?\.?(?:\sis)?)`,
    String.raw`(?<code>(?:(?:code|pin|lock\s?box|key\s?(?:box|pad|safe)|key|door|gate|entry|alarm|wi-?fi|password|room|flat|apt|apartment|unit|house|floor|zip|postal|postcode|flight|train|bus|line|price|total|deposit|rent|costs?|fee|population|built|since)s?)(?:\s?(?:number|no|nr|code|combination))?\.?(?:\sis)?)`,
    String.raw`(?<phone>call|ring|dial|phone|telephone|tel|telefono?|telf|mob(?:ile)?|cell(?:phone)?|handy|movil|celular|whats\s?app|wa|viber|sms|text|contact|reach|(?:my|our)\snumber|number\sis)`,
  ]
    .join('|')
    .replace(/^/u, String.raw`(?<![\p{L}\p{N}])(?:`) + String.raw`)(?![\p{L}])|(?<sign>[☎📞📱📲])`,
  'giu',
);
const CUE_AFTER =
  /^[\s,.:;)-]{0,3}(?:is|=|that'?s)?\s?(?:my|our)\s(?:number|phone|mobile|cell|whats\s?app|tel)/iu;
const GLUED_CUE =
  /^(?:tel|telefono?|telf|ph|phone|mob|mobile|cell|call|whatsapp|wa|sms|text|no|nr|at|on|me|is|and|or)$/iu;
type Cue = 'document' | 'code' | 'phone' | null;

const BETWEEN = String.raw`[\s().\-/_*~|]{0,3}`;
const NUMBER = new RegExp(String.raw`(?<!\d)(?:\+\s?)?\(?\d(?:${BETWEEN}\d)*`, 'gu');
/** 0, 7, 9, 4, … */
const ONE_BY_ONE = /(?<!\d)\d(?:[^\p{L}\p{N}\0]{1,3}\d(?!\d)){8,}/gu;

const DIGIT_WORDS = new Set(
  [
    'zero oh nought one two three four five six seven eight nine',
    'cero uno dos tres cuatro cinco seis siete ocho nueve',
    'un deux trois quatre cinq sept huit neuf',
    'null eins zwei zwo drei vier funf sechs sieben acht neun',
    'um uma dois duas meia quatro sete oito nove',
    'nul een twee drie vier vijf zes zeven acht negen',
    'noll ett tva tre fyra fem sex sju atta nio',
    'fire seks syv sju otte',
    'jeden dwa trzy cztery piec szesc siedem osiem dziewiec',
    'due tre quattro cinque sei sette otto',
  ].flatMap((words) => words.split(' ')),
);
const REPEATS: Record<string, number> = { double: 1, triple: 2, doble: 1, dubbel: 1 };

/** Finds phone numbers in a text that `normalizeText` returned; `\0` characters are never part of one. */
export function findPhones(text: string): Contact[] {
  return [...inDigits(text), ...inWords(text)];
}

function inDigits(text: string): Contact[] {
  if (!/\d/u.test(text)) return [];
  const bare = asDigits(NOT_PHONES.reduce((rest, pattern) => rest.replace(pattern, blank), text));
  const numbers = [...bare.matchAll(NUMBER)].filter((match) => isPhone(match[0], match.index, bare));
  const singles = [...bare.matchAll(ONE_BY_ONE)].filter(
    ({ 0: run }) => !isProgression(run.match(/\d/gu) ?? []),
  );
  return [...numbers, ...singles].map((match) => ({
    kind: 'phone',
    start: match.index,
    end: match.index + match[0].length,
  }));
}

const blank = (part: string): string => '\0'.repeat(part.length);

/** `O79 4O 3l3` */
const asDigits = (text: string): string =>
  text
    .replace(/(?<!\p{L})[oO](?=\d)|(?<=\d)[oO](?!\p{L})/gu, '0')
    .replace(/(?<!\p{L})[lI|](?=\d)|(?<=\d)[lI|](?!\p{L})/gu, '1');

function isPhone(number: string, index: number, text: string): boolean {
  const groups = number.match(/\d+/gu) ?? [];
  const digits = groups.join('');
  const count = digits.length;
  if (count < 6) return false;
  const isInternational = number.startsWith('+');
  const before = text.slice(Math.max(0, index - 40), index);
  const glued = /([\p{L}\p{N}]+)[-/_#]?$/u.exec(before)?.[1];
  if (glued !== undefined && !isInternational && !GLUED_CUE.test(glued)) return false;
  if (isInternational) return count >= 7;
  const hasTrunk = digits.startsWith('0');
  if (count > 15) return hasTrunk && groups.length > 1;
  const cue = cueOf(before, text.slice(index + number.length, index + number.length + 30));
  if (cue === 'phone') return true;
  if (cue === 'document') return hasTrunk && count >= 10 && groups.length > 1;
  if (cue === 'code' && count < 10) return false;
  if (isProgression(groups) || groups.every((group) => /^(?:19|20)\d\d$/u.test(group))) return false;
  const sizes = groups.map(({ length }) => length).join();
  if (!hasTrunk && (isRound(groups) || (sizes === '3,3,4' && digits.startsWith('1')))) return false;
  if (count >= 10) return true;
  if (count === 9) return sizes !== '5,4' && (groups.length !== 2 || hasTrunk);
  return sizes === '2,2,2,2';
}

/** `101 102 103`: rooms, prices, days. */
function isProgression(groups: readonly string[]): boolean {
  if (groups.length < 3 || new Set(groups.map(({ length }) => length)).size > 1) return false;
  const steps = groups.slice(1).map((group, at) => Number(group) - Number(groups[at]));
  return steps[0] !== 0 && new Set(steps).size === 1;
}

/** `200-300-4000`: prices, amounts. */
const isRound = (groups: readonly string[]): boolean =>
  groups.length >= 3 && groups.every((group) => group.endsWith('00'));

function cueOf(before: string, after: string): Cue {
  if (CUE_AFTER.test(after)) return 'phone';
  const groups = [...before.matchAll(CUES)].at(-1)?.groups;
  if (!groups) return null;
  if (groups.document !== undefined) return 'document';
  return groups.code === undefined ? 'phone' : 'code';
}

/** At least seven digits, at least three of them as words: `five one eight, triple five…`. */
function inWords(text: string): Contact[] {
  const runs: { start: number; end: number; digits: number; words: number }[] = [];
  for (const { 0: token, index } of text.matchAll(/\p{L}+|\d+/gu)) {
    const word = token.toLowerCase();
    const isWord = DIGIT_WORDS.has(word);
    const repeats = REPEATS[word];
    if (!isWord && repeats === undefined && !/^\d{1,4}$/u.test(word)) continue;
    const more = { digits: repeats ?? (isWord ? 1 : word.length), words: isWord ? 1 : 0 };
    const end = index + token.length;
    const last = runs.at(-1);
    if (last && /^[^\p{L}\p{N}\0]{0,3}$/u.test(text.slice(last.end, index)))
      Object.assign(last, { end, digits: last.digits + more.digits, words: last.words + more.words });
    else runs.push({ start: index, end, ...more });
  }
  return runs
    .filter(({ digits, words }) => digits >= 7 && words >= 3)
    .map(({ start, end }) => ({ kind: 'phone', start, end }));
}
