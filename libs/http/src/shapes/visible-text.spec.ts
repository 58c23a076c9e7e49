import { hasHiddenCharacters, hasVisibleText } from './visible-text.js';

test.each(['', 'Ada', '李', 'é', ' . ', '👨‍👩‍👧', 'नमस्ते', '\u200bA'])('%j is accepted', (text) => {
  expect(hasVisibleText(text)).toBe(true);
});

test.each([
  ' ',
  '\u200b',
  '\u200d\u2060',
  '\u00ad',
  '\u3164',
  '\uffa0',
  '\u2800',
  '\u00a0\ufeff',
  '\u0301',
  '\ufe0f',
  '\ue000',
])('%j has no visible text', (text) => {
  expect(hasVisibleText(text)).toBe(false);
});

test.each([
  'Ada Lovelace',
  'José',
  'Nguyễn Thị Ánh',
  '李 小龍',
  'محمد',
  'می\u200cخواهم',
  'क्\u200dष',
  'ශ්\u200dරී',
  '❤\ufe0f Ada',
  '👨\u200d👩\u200d👧',
  '🏳\ufe0f\u200d🌈',
  '👩🏽\u200d🚀',
  '1\ufe0f\u20e3',
  'র\u200d্যাব',
])('%j has no hidden characters', (text) => {
  expect(hasHiddenCharacters(text)).toBe(false);
});

test.each([
  ['a zero-width space', 'A\u200bda'],
  ['a zero-width joiner between Latin letters', 'A\u200dda'],
  ['a zero-width non-joiner between Cyrillic letters', 'А\u200cда'],
  ['a joiner at the end', 'می\u200d'],
  ['a joiner at the beginning', '\u200dAda'],
  ['a soft hyphen', 'A\u00adda'],
  ['a word joiner', 'A\u2060da'],
  ['a byte order mark', 'Ada\ufeff'],
  ['a combining grapheme joiner', 'A\u034fda'],
  ['a Hangul filler', 'Ada\u3164'],
  ['a variation selector after a letter', 'A\ufe0fda'],
  ['a joiner between Chinese characters', '李\u200d小龍'],
  ['a joiner between Hebrew letters', 'דו\u200dד'],
  ['a joiner between Hangul syllables', '김\u200d민'],
  ['a joiner after a combining mark', 'x\u0301\u200da'],
  ['two joiners', 'می\u200c\u200cخواهم'],
  ['a joiner between an emoji and a letter', '❤\u200da'],
  ['a joiner between Arabic digits', '١\u200d٢'],
  ['a variation selector after a digit', 'Ada1\ufe0f'],
  ['two variation selectors', '❤\ufe0f\ufe0f'],
  ['a tag', 'Ada\u{e0041}'],
  ['an Arabic letter mark', '\u061cAda'],
  ['a line separator', 'Ada\u2028Lovelace'],
  ['a blank Braille pattern', 'Ada\u2800'],
  ['a character for private use', 'Ada\ue000'],
])('%s is hidden', (_, text) => {
  expect(hasHiddenCharacters(text)).toBe(true);
});
