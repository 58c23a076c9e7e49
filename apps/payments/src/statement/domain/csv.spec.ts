import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { toCsv } from './csv.js';

test.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "hi"', '"say ""hi"""'],
  ['two\nlines', '"two\nlines"'],
  ['=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  [' =1', "' =1"],
  ['\r=1', '"\'\r=1"'],
  ['＝1', "'＝1"],
  ['Häuschen ليلى', 'Häuschen ليلى'],
  [null, ''],
  [{ number: '-12.50' }, '-12.50'],
])('writes %j as %s', (value, text) => {
  expect(toCsv(['a'], [[value]])).toBe(`a\r\n${text}\r\n`);
});

test('another parser reads the same cells, and no text begins a formula', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.string(), fc.string({ unit: 'binary' }))), (rows) => {
      const parsed: string[][] = parse(toCsv(['a', 'b'], rows), { record_delimiter: '\r\n' });
      expect(parsed.map((row) => row.map((text) => text.replace(/^'(?=\s*[=+\-@＝＋－＠\s])/, '')))).toEqual(
        [['a', 'b'], ...rows].map((row) => row.map((text) => text.replace(/^'(?=\s*[=+\-@＝＋－＠\s])/, ''))),
      );
      for (const text of parsed.flat()) expect(text).not.toMatch(/^\s*[=+\-@]/);
    }),
  );
});
