import { normalizeText } from './normalized-text.js';

it('normalizes a text by its appearance and maps each part to the original', () => {
  const written = 'é①\u200b５\u0660𝟙x';
  const normalized = normalizeText(written);
  expect(normalized.text).toBe('e1501x');
  const parts = [...normalized.text].map((_, at) => written.slice(...normalized.original(at, at + 1)));
  expect(parts).toEqual(['é', '①\u200b', '５', '\u0660', '𝟙', 'x']);
});
