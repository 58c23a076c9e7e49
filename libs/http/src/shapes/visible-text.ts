/** U+2800 is a blank Braille pattern, which fonts show as a space. */
const VISIBLE = /(?!\p{Default_Ignorable_Code_Point})[^\s\p{C}\p{Z}\p{M}\u2800]/u;

/** Whether a reader sees anything of a text that is not empty. Whether it may be empty is another rule. */
export const hasVisibleText = (text: string): boolean => text === '' || VISIBLE.test(text);

/** The refinement of a name or text that must not be blank to a reader. */
export const INVISIBLE_TEXT = { error: 'Must have a visible character' };
