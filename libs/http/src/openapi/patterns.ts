/** Sets of characters that regular expressions of other languages write differently, as ranges. */
const PORTABLE: Readonly<Record<string, string>> = {
  '\\d': '0-9',
  '\\p{Cc}': '\\u0000-\\u001f\\u007f-\\u009f',
  // JSON text that is well-formed has no lone surrogate: the body parser rejects them.
  '\\p{Cs}': '',
};

/**
 * A pattern in the part of regular expressions that all languages have: clients generate code from the document. `\d`
 * matches any script's digits in some of them, and `\p` is unknown to others. Throws for a pattern that it can't convert.
 */
export function portablePattern(pattern: string): string {
  let inClass = false;
  const portable = pattern.replace(/\\p\{\w+\}|\\.|[[\]]/gs, (token) => {
    if (token === '[' || token === ']') {
      inClass = token === '[';
      return token;
    }
    const range = PORTABLE[token];
    if (range === undefined) return token;
    return inClass ? range : `[${range}]`;
  });
  if (/\\[pP]\{|\(\?[<!=]/.test(portable)) throw new Error(`The pattern ${pattern} is not portable`);
  return portable;
}
