import { Email } from './email.js';

test.each([
  ['Ada@Example.com ', 'ada@example.com'],
  ['ada+roost@mail.example.co.uk', 'ada+roost@mail.example.co.uk'],
  ['jürgen@müller.de', 'jürgen@müller.de'],
  ['ju\u0308rgen@mu\u0308ller.de', 'jürgen@müller.de'],
  ['JÜRGEN@MÜLLER.DE', 'jürgen@müller.de'],
  ['иван@пример.рф', 'иван@пример.рф'],
  ['иван@xn--e1afmkfd.xn--p1ai', 'иван@пример.рф'],
  ['用户@例子.广告', '用户@例子.广告'],
  ['\u212aim@example.com', 'kim@example.com'],
  ['ada@ｅｘａｍｐｌｅ。com', 'ada@example.com'],
  ['संपर्क@उदाहरण.भारत', 'संपर्क@उदाहरण.भारत'],
])('accepts %s', (written, stored) => {
  expect(Email.parse(written)).toBe(stored);
});

test.each([
  'ada',
  'ada@',
  '@example.com',
  'ada@example',
  'a b@example.com',
  'a@b@example.com',
  'a\u200bda@example.com',
  'a\u034fda@example.com',
  'a\u3164da@example.com',
  'a\ufe0fda@example.com',
  'a\u00adda@example.com',
  'ada\u202e@example.com',
  'ada@exam\u0000ple.com',
  'Ada <ada@example.com>',
  'ada@example.com,eve@example.com',
  'ada@example.com\r\nBcc: eve@example.com',
  '🦉@example.com',
  'иван@пример',
  'иван@при мер.рф',
  '.иван@пример.рф',
  'a\r\nbcc:x@пример.рф',
  `${'ж'.repeat(65)}@пример.рф`,
])('rejects %j', (written) => {
  expect(Email.safeParse(written).success).toBe(false);
});
