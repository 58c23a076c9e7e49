/** U+2800 is a blank Braille pattern, which fonts show as a space. */
const VISIBLE = /(?!\p{Default_Ignorable_Code_Point})[^\s\p{C}\p{Z}\p{M}\u2800]/u;

const ALL_BUT = (controls: string) => new RegExp(`^[^${controls}]*$`, 'u');

/** Text without control characters. The document shows these patterns, so they are portable. */
export const ONE_LINE = ALL_BUT('\\u0000-\\u001f\\u007f-\\u009f');
export const LINES = ALL_BUT('\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f');
export const LINES_WITH_CR = ALL_BUT('\\u0000-\\u0008\\u000b\\u000c\\u000e-\\u001f\\u007f-\\u009f');

/** Whether a reader sees anything of a text that is not empty. Whether it may be empty is another rule. */
export const hasVisibleText = (text: string): boolean => text === '' || VISIBLE.test(text);

/** A joiner in scripts and emojis that need it, and the selector of the form of an emoji. Elsewhere they are only invisible. */
const JOINER =
  /(?<=[^\p{Script=Latin}\p{Script=Greek}\p{Script=Cyrillic}\p{N}\p{P}\p{Z}])[\u200c\u200d](?=.)/gu;
const EMOJI_FORM = /(?<=\p{Emoji})\ufe0f/gu;
const HIDDEN = /[\p{Default_Ignorable_Code_Point}\p{Zl}\p{Zp}\p{Co}\u2800]/u;

/** Whether a text has characters that a reader does not see: with them a name can look the same as another one. */
export const hasHiddenCharacters = (text: string): boolean =>
  HIDDEN.test(text.replace(EMOJI_FORM, '').replace(JOINER, ''));

/** The refinement of a name or text that must not be blank to a reader. */
export const INVISIBLE_TEXT = { error: 'Must have a visible character' };
