import { masked, oneLine, plainText } from './plain-text.js';

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

describe('masks contact data', () => {
  test.each([
    ['Write to corinne.mac+d@talk-talk.co.uk.', 'Write to [mail address hidden].'],
    ['call +44 7940 313023 now', 'call [phone number hidden] now'],
    ['call 07940313023, or (0131) 447 9904', 'call [phone number hidden], or [phone number hidden]'],
    ['call (518) 555-0142', 'call [phone number hidden]'],
    ['call 518.555.0142', 'call [phone number hidden]'],
    ['call 5185550142!', 'call [phone number hidden]!'],
  ])('%s', (text, hidden) => {
    expect(masked(text).text).toBe(hidden);
  });

  test('counts it', () => {
    expect(masked('a@example.org, b@example.org, 07940313023')).toMatchObject({ mails: 2, phones: 1 });
  });

  test.each([
    'Open 07.00-17.00, from 29/08/2022',
    'Built 1937–1939, licence 383071/230/06481',
    'From 19/12/1991 on, for $1,379.00',
    'STL 1620825/230/14072',
    'Find us on instagram @porteous.studio',
    'At 42.65789, -73.7537',
    'Check-in 15:00 - 22:00, 2024-11-05',
  ])('leaves "%s"', (text) => {
    expect(masked(text)).toEqual({ text, mails: 0, phones: 0 });
  });
});
