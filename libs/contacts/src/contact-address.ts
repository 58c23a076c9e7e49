import type { Contact, ContactKind } from './contact.js';

/** Top-level domains, in letters of either case. */
const COMMON_END = 'com|net|org|edu|gov';
/** In lower case only: `great.Info` is a sentence without a space. */
const OTHER_END =
  'info|biz|io|co|app|dev|online|site|xyz|club|shop|page|link|travel|rent|email|eu|uk|de|fr|es|pt|nl|pl|ch|cz|sk|hu|ro|bg|gr|tr|se|dk|fi|ie|jp|cn|kr|tw|hk|sg|ru|ua|br|mx|ar|cl|au|nz|ca|za|tv|cc|gg|ai';
/** Also words of a language: they match only with a path after them, or with a spelled-out dot. */
const WORD_END = 'me|ly|it|is|to|in|us|at|be|gl|so|no|my|am|do|id|by';
const END = `(?:${COMMON_END}|${OTHER_END})`;
const ANY_END = `(?:${COMMON_END}|${OTHER_END}|${WORD_END})`;

const LABEL = String.raw`[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?`;
const LOCAL = String.raw`[\p{L}\p{N}][\p{L}\p{N}._%+-]{0,63}`;
const OPEN = String.raw`\s?[([{<*_-]{1,2}\s?`;
const CLOSE = String.raw`\s?[)\]}>*_-]{1,2}\s?`;
/** `at some point in` is not an address, `point com` is part of one. */
const DOT_WORD = String.raw`dot|d0t|punto|punkt|ponto|point(?!\s(?:${WORD_END})(?![\p{L}\p{N}]))`;
const AT_WORD = 'at|arroba|aat';
const SPELLED_DOT = String.raw`(?:${OPEN}(?:${DOT_WORD}|\.)${CLOSE}|\s(?:${DOT_WORD})\s)`;
const AT_SIGN = String.raw`(?:${OPEN}(?:${AT_WORD}|a|@)${CLOSE}|\s?@\s?)`;
const ANY_AT = String.raw`(?:${AT_SIGN}|\s(?:${AT_WORD})\s)`;
const START = String.raw`(?<![\p{L}\p{N}@._%+-])`;
const STOP = String.raw`(?![\p{L}\p{N}])`;
const PATH = String.raw`(?:[/?#:][^\s]*)?`;
const MAIL_PROVIDER = String.raw`(?:g-?mail|googlemail|hot-?mail|outlook|yahoo|icloud|proton(?:mail)?|gmx|aol|live|yandex|zoho|qq|163|naver|web\.de)`;

const MAILS = [
  `${START}${LOCAL}@${LABEL}(?:\\.${LABEL})+`,
  `${START}${LOCAL}${AT_SIGN}(?:${LABEL}(?:[.,;]|${SPELLED_DOT})){1,3}${END}${STOP}`,
  `${START}${LOCAL}${ANY_AT}${MAIL_PROVIDER}(?:\\s?\\.\\s?|${SPELLED_DOT})${ANY_END}${STOP}`,
  `${START}${LOCAL}${ANY_AT}(?:${LABEL}${SPELLED_DOT}){1,3}${ANY_END}${STOP}`,
  // john99 at gmail, john@gmail
  `${START}(?:${LOCAL}@|[\\p{L}\\p{N}%+-]*[\\d._][\\p{L}\\p{N}._%+-]*${ANY_AT})${MAIL_PROVIDER}${STOP}`,
  // j o h n @ g m a i l . c o m
  String.raw`${START}(?:[\p{L}\p{N}._-]\s){2,40}(?:@|at)(?:\s[\p{L}\p{N}-]){1,40}\s(?:\.|dot)(?:\s[\p{L}\p{N}]){2,}${STOP}`,
].map((pattern) => new RegExp(pattern, 'giu'));

/** `reach me at: name at gmail`; without such words, `name at gmail` may be an employer. */
const MAIL_PROVIDER_AFTER_WORD = new RegExp(
  `(?:mail|reach|contact|write|address)[^\\n]{0,30}?(${START}${LOCAL}${ANY_AT}${MAIL_PROVIDER}${STOP})`,
  'giu',
);

const LINKS = [
  [String.raw`${START}(?:https?|hxxps?|ftp)\s?:\s?//\s?[^\s]+`, 'giu'],
  [String.raw`${START}www\s?\.\s?[^\s]+`, 'giu'],
  [`${START}(?:${LABEL}\\.){1,4}(?:[cC][oO][mM]|[nN][eE][tT]|[oO][rR][gG]|${END})${STOP}${PATH}`, 'gu'],
  [`${START}(?:${LABEL}\\.){1,3}${ANY_END}/[^\\s]+`, 'giu'],
  [`${START}(?:${LABEL}(?:\\.|${SPELLED_DOT})){0,2}${LABEL}${SPELLED_DOT}${END}${STOP}${PATH}`, 'giu'],
  [`${START}${LABEL}\\s?\\.\\s(?:${COMMON_END})${STOP}`, 'gu'],
  [`${START}${LABEL}\\s\\.\\s?(?:${COMMON_END})${STOP}`, 'gu'],
].map(([pattern = '', flags]) => new RegExp(pattern, flags));

const AT_HANDLE = /(?<![\p{L}\p{N}._%+-])@\s?([\p{L}_][\p{L}\p{N}_.]{1,28}[\p{L}\p{N}_])/gu;
/** `meet @noon` */
const NOT_A_HANDLE =
  /^(?:noon|midnight|home|night|arrival|check-?in|check-?out|least|all|the|once|work|reception|breakfast|dinner|lunch|your|our|my|a|an|about|around|any|downtown|uptown|midtown|city|town|cent(?:re|er)|beach|penthouse|royal)$/iu;

const NETWORK =
  'whats\\s?app|wapp|telegram|instagram|insta|ig|facebook|fb|messenger|snap(?:chat)?|wechat|weixin|skype|viber|tik\\s?tok|twitter|discord|kakao(?:talk)?|linked\\s?in|imessage|facetime|gmail|signal|line';
/** Networks whose names are also words. */
const AMBIGUOUS_NETWORK = /^(?:signal|line|snap|ig|fb|messenger)$/iu;
const NAME = String.raw`[\p{L}\p{N}_](?:[\p{L}\p{N}_.]*[\p{L}\p{N}_])?`;
const NAMED = new RegExp(
  String.raw`(?<![\p{L}\p{N}])(?<mine>my\s)?(?<network>${NETWORK})(?![\p{L}\p{N}])(?<link>(?:\s?[:=@-]\s?|\s(?:is|id|user\s?name|user|handle|account|nick(?:name)?|profile|under|as|me|at|on|add)(?![\p{L}\p{N}]))*)\s?(?:live:\.?)?(?<name>${NAME})`,
  'giu',
);
const ON_NETWORK = new RegExp(
  String.raw`(?<![\p{L}\p{N}@])(${NAME})\s(?:on|in|via|at)\s(?:my\s)?(?:${NETWORK})(?![\p{L}\p{N}])`,
  'giu',
);
const COMMON_WORD =
  /^(?:yes|no|not|ok|okay|works?|working|available|fine|good|great|the|a|an|i|we|you|he|she|it|they|please|only|also|if|when|that|this|is|are|was|or|and|but|so|too|never|always|group|account|page|app|call|message|chat|me|my|our|for|to|from|in|on|at|by|with|weak|strong|none|sorry|thanks?|number|because|since|possible|preferred|better|best|where|how|what|link|profile|photos?|pictures?)$/iu;

const looksLikeUsername = (name: string): boolean =>
  name.length >= 5 && /\p{L}/u.test(name) && /[\d_]|\p{L}\.\p{L}/u.test(name);

/** Finds mail addresses, links and handles in a text that `normalizeText` returned. */
export function findAddresses(text: string): Contact[] {
  return [
    ...MAILS.flatMap((pattern) => matches('mail', text, pattern)),
    ...matches('mail', text, MAIL_PROVIDER_AFTER_WORD, 1),
    ...LINKS.flatMap((pattern) => matches('link', text, pattern)),
    ...matches('handle', text, AT_HANDLE).filter(({ start, end }) => isHandle(text.slice(start, end))),
    ...namedHandles(text),
    ...matches('handle', text, ON_NETWORK, 1).filter(({ start, end }) =>
      looksLikeUsername(text.slice(start, end)),
    ),
  ];
}

function matches(kind: ContactKind, text: string, pattern: RegExp, group = 0): Contact[] {
  return [...text.matchAll(pattern)].map((match) => {
    const part = match[group] ?? '';
    const start = match.index + match[0].lastIndexOf(part);
    // An address may end a sentence; the full stop is not part of it.
    const end = start + part.replace(/[.,;:!?)\]}>"']+$/u, '').length;
    return { kind, start, end };
  });
}

/** With a space after the sign, `loft @ Downtown` is a place, `@ roost_lisbon` a handle. */
function isHandle(handle: string): boolean {
  const name = handle.replace(/^@\s?/u, '');
  return handle === `@${name}` ? !NOT_A_HANDLE.test(name) : looksLikeUsername(name);
}

function namedHandles(text: string): Contact[] {
  return [...text.matchAll(NAMED)].flatMap((match) => {
    const { mine, network = '', link = '', name = '' } = match.groups ?? {};
    const introduced =
      /[:=@]|\b(?:id|user|handle|nick|account|profile|under)/iu.test(link) ||
      (mine !== undefined && /\bis\b/iu.test(link));
    const isNamed = introduced && !AMBIGUOUS_NETWORK.test(network) && /\p{L}/u.test(name) && name.length >= 3;
    const isHandle = looksLikeUsername(name) || (isNamed && !COMMON_WORD.test(name));
    const end = match.index + match[0].length;
    return isHandle ? [{ kind: 'handle' as const, start: end - name.length, end }] : [];
  });
}
