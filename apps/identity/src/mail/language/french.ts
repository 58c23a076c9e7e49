/**
 * Template tag of French texts: makes the spaces of punctuation non-breaking. The values between the literals, such as
 * names and titles, stay as they are.
 */
export const fr = (literals: TemplateStringsArray, ...values: readonly string[]): string =>
  String.raw({ raw: literals.map(withNonBreakingSpaces) }, ...values);

const withNonBreakingSpaces = (text: string) =>
  text
    .replace(/ (?=[;?!])/g, '\u202f')
    .replace(/ (?=[:»])/g, '\u00a0')
    .replace(/(?<=«) /g, '\u00a0');
