import { hasVisibleText } from './visible-text.js';

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
