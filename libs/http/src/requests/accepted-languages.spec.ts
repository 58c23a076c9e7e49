import { acceptedLanguages } from './accepted-languages.js';

it.each([
  [undefined, []],
  ['', []],
  ['*', []],
  ['fr-ca', ['fr-CA']],
  ['de, en-GB;q=0.8', ['de', 'en-GB']],
  ['en;q=0.5, fr ; q=0.9, it;q=0, *;q=0.1', ['fr', 'en']],
  ['fr_FR, <script>, zh-hant-tw', ['zh-Hant-TW']],
])('%s lists the tags by preference, without invalid ones', (header, expected) => {
  expect(acceptedLanguages(header)).toEqual(expected);
});
