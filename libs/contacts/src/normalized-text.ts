/** A text as a reader sees it, regardless of its characters, with the position of each character in the original. */
export interface NormalizedText {
  /** Without accents and invisible characters; digits of all scripts are 0–9, all dashes `-`, all spaces one kind. */
  text: string;
  /** The position of the characters `[start, end)` in the original. */
  original(start: number, end: number): [start: number, end: number];
}

const INVISIBLE = /[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu;
const OTHER_DIGIT = /(?![0-9])\p{Nd}/u;

export function normalizeText(original: string): NormalizedText {
  let text = '';
  const starts: number[] = [];
  let at = 0;
  for (const character of original) {
    const simple = simplified(character);
    for (let unit = 0; unit < simple.length; unit += 1) starts.push(at);
    text += simple;
    at += character.length;
  }
  const originalEnd = (end: number): number => {
    const next = starts[end] ?? original.length;
    const last = starts[end - 1] ?? 0;
    // Inside of the sequence into which one character was decomposed.
    return next > last ? next : last + ((original.codePointAt(last) ?? 0) > 0xffff ? 2 : 1);
  };
  return { text, original: (start, end) => [starts[start] ?? original.length, originalEnd(end)] };
}

function simplified(character: string): string {
  if (character.length === 1 && character >= ' ' && character <= '~') return character;
  if (character === '\n') return character;
  if (/\p{Pd}|[−‐]/u.test(character)) return '-';
  if (/\s|\p{Zs}/u.test(character)) return ' ';
  if (/[。·•․∙⋅]/u.test(character)) return '.';
  if (OTHER_DIGIT.test(character)) return digit(character);
  return character.normalize('NFKD').replace(INVISIBLE, '');
}

/** The digits of a script are consecutive code points, starting with its zero. */
function digit(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  let first = code;
  while (OTHER_DIGIT.test(String.fromCodePoint(first - 1))) first -= 1;
  return String((code - first) % 10);
}
