import { casesOf } from './test-catalogue.js';

test('lists each case with the titles of its blocks', () => {
  const source = `
    const helper = (text: string): void => void text;
    describe('POST /v1/notes', () => {
      describe.each([201, 409])('%i', (status: number) => {
        it.each<[string, number]>([['a text', 1]])('returns $0', () => helper('no case'));
      });
      test(\`within \${3} s\`, async () => expect(run('x', () => 1)).toBe(1), 1000);
    });
    it.skip('is skipped', () => undefined);
    test.each\`a | b\`('of a table', () => undefined);
    expect(/a/.test('no case')).toBe(false);
    it(title, () => undefined);`;
  expect(casesOf(source)).toEqual([
    ['POST /v1/notes', '%i', 'returns $0'],
    ['POST /v1/notes', 'within … s'],
    ['is skipped'],
    ['of a table'],
  ]);
});
