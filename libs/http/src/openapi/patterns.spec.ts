import { portablePattern } from './patterns.js';

describe('portablePattern', () => {
  test.each([
    ['^\\d{1,3}$', '^[0-9]{1,3}$'],
    ['^([01]\\d|2[0-3]):[0-5]\\d$', '^([01][0-9]|2[0-3]):[0-5][0-9]$'],
    ['^[\\d-]+$', '^[0-9-]+$'],
    ['^[^\\p{Cc}\\p{Cs}\\u200e]*$', '^[^\\u0000-\\u001f\\u007f-\\u009f\\u200e]*$'],
    ['^[\\x21-\\x7e]\\[\\d\\]$', '^[\\x21-\\x7e]\\[[0-9]\\]$'],
  ])('converts %s', (pattern, portable) => {
    expect(portablePattern(pattern)).toBe(portable);
  });

  test.each(['\\p{L}', '(?<=a)b', '(?!a)b'])('rejects %s, which has no portable form', (pattern) => {
    expect(() => portablePattern(pattern)).toThrow('is not portable');
  });
});
