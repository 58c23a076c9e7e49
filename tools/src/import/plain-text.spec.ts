import { nameOf, oneLine, plainText, withoutContacts } from './plain-text.js';

test.each<[string, string]>([
  ['One.<br/>Two.<br />Three.<br>Four.', 'One.\nTwo.\nThree.\nFour.'],
  ['<b>The space</b><br />Bright', 'The space\nBright'],
  ['We <3 Albany', 'We <3 Albany'],
  ['<1 block away.<br/>Quiet', '<1 block away.\nQuiet'],
  ['Bed &amp; breakfast &ndash; it&#39;s &lt;b&gt;ours&lt;/b&gt;', "Bed & breakfast – it's <b>ours</b>"],
  ['Line\r\nand line\rand  \nline', 'Line\nand line\nand\nline'],
  ['far<br/><br/><br/><br/>apart', 'far\n\napart'],
  ['a\u0000b\u0007c', 'abc'],
  ['half \ud83d a face', 'half \ufffd a face'],
  ['family 👨‍👩‍👧', 'family 👨‍👩‍👧'],
  [' \n ', ''],
])('%j', (html, text) => {
  expect(plainText(html)).toBe(text);
});

test('makes a title one line', () => {
  expect(oneLine('Loft<br/>over \t the\nriver ')).toBe('Loft over the river');
});

test.each([
  ['Ana', 'Ana'],
  ['', 'Host'],
  ['\u200b\u3164', 'Host'],
])('the name %j is shown as %s', (name, shown) => {
  expect(nameOf(name, 'Host', [])).toBe(shown);
});

test('masks contact data and notes each', () => {
  const notes: string[] = [];
  const text = 'a@example.org, b@example.org, 07940313023, wa.me/15185550142, insta: ana_rents';
  expect(withoutContacts(text, notes)).not.toMatch(/example|0794|1518|ana_rents/);
  expect(notes).toEqual([
    'mail address masked',
    'mail address masked',
    'phone number masked',
    'link masked',
    'handle masked',
  ]);
});
