import { uuidv7 } from './uuidv7.js';

describe('uuidv7', () => {
  test('sorts by creation, also within a millisecond', () => {
    const ids = Array.from({ length: 20_000 }, () => uuidv7());
    expect(ids).toEqual([...ids].sort());
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids.slice(0, 100))
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('starts with the current time', () => {
    const millis = parseInt(uuidv7().replaceAll('-', '').slice(0, 12), 16);
    expect(Math.abs(millis - Date.now())).toBeLessThan(2_000);
  });
});
