/** U+2800 is a blank Braille pattern, which fonts show as a space. */
const VISIBLE = /(?!\p{Default_Ignorable_Code_Point})[^\s\p{C}\p{Z}\p{M}\u2800]/u;

const ALL_BUT = (controls: string) => new RegExp(`^[^${controls}]*$`, 'u');

/** Text without control characters. The document shows these patterns, so they are portable. */
export const ONE_LINE = ALL_BUT('\\u0000-\\u001f\\u007f-\\u009f');
export const LINES = ALL_BUT('\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f');
export const LINES_WITH_CR = ALL_BUT('\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f');

/** Whether a reader sees anything of a text that is not empty. Whether it may be empty is another rule. */
export const hasVisibleText = (text: string): boolean => text === '' || VISIBLE.test(text);

/** Scripts in which a joiner changes the form of letters. */
const JOINED_SCRIPTS = 'Arab Syrc Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh'
  .split(' ')
  .map((script) => `\\p{Script_Extensions=${script}}`)
  .join('');
const JOINED_LETTER = `(?=[\\p{L}\\p{M}])[${JOINED_SCRIPTS}]`;

/** A joiner where a reader sees its effect: between such letters (or viramas), or between two emojis. */
const JOINER = new RegExp(
  [
    `(?<=${JOINED_LETTER})[\\u200c\\u200d](?=${JOINED_LETTER})`,
    '(?<=\\p{Extended_Pictographic}\\p{Emoji_Modifier}?)\\u200d(?=\\p{Extended_Pictographic})',
  ].join('|'),
  'gu',
);
/** The selector of the form of an emoji, or of a keycap. */
const EMOJI_FORM = /(?<=\p{Extended_Pictographic})\ufe0f|(?<=[\d#*])\ufe0f(?=\u20e3)/gu;
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Co}\u2800]/u;

/** Whether a text has characters that a reader does not see: with them a name can look the same as another one. */
export const hasHiddenCharacters = (text: string): boolean =>
  HIDDEN.test(text.replace(EMOJI_FORM, '').replace(JOINER, ''));

/** The refinement of a name or text that must not be blank to a reader. */
export const INVISIBLE_TEXT = { error: 'Must have a visible character' };
