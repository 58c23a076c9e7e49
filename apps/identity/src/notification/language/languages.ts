import { english } from './en.js';
import type { Language } from './language.js';
import { baseOf } from './locale-format.js';

export const languages: readonly [Language, ...Language[]] = [english];

/** Returns the language of a locale such as `pt-BR`; the first language if there is none. */
export function languageFor(locale: string): Language {
  const base = baseOf(locale);
  return (
    languages.find(({ tag }) => tag === locale) ?? languages.find(({ tag }) => tag === base) ?? languages[0]
  );
}
