import { maskContacts } from './contact-masking.js';
import { expectMasked } from './contact-masking.fixture.js';
import { CONTACT_KINDS } from './contact.js';

describe('mail addresses', () => {
  it.each([
    '{john.smith@gmail.com}',
    'Write to {john.smith+roost@mail.example.co.uk}, please.',
    'Mail: {JOHN@EXAMPLE.COM}!',
    '({o_hara99@proton.me})',
    '<{anna@beispiel.de}>',
    '{jürgen@müller.de}',
    '{john @ gmail.com}',
    '{john@ gmail.com}',
    '{john＠gmail．com}',
    '{jo\u200bhn@gm\u00adail.com}',
    '{john (at) gmail.com}',
    '{john[at]gmail[dot]com}',
    '{john {at} gmail {dot} com}'.replace('{at}', '(at)').replace('{dot}', '(dot)'),
    '{john at gmail dot com}',
    '{jean at exemple point com}',
    'it is {john.smith AT gmail DOT com} if you want',
    '{john at gmail.com}',
    '{john at gmail . com}',
    '{john arroba gmail punto com}',
    '{maria arroba hotmail ponto com}',
    '{john.smith at libero dot it}',
    '{john99 at gmail}',
    '{john@gmail}',
    'you can reach me at {johnsmith at hotmail}',
    '{j o h n @ g m a i l . c o m}',
    '{john(a)web.de}',
    '{john*at*example*dot*org}',
    '{иван@пример.рф}',
    '{j.o.d.o.e@example,com}',
    '{ana@mail.example;org}',
  ])('masks %s', (marked) => expectMasked('mail', marked));
});

describe('links', () => {
  it.each([
    '{https://example.com/place?id=1}',
    'See {http://example.com}.',
    '({https://maps.app.goo.gl/abc})',
    '{hxxps://example.com}',
    '{www.example.com}',
    '{WWW.EXAMPLE.COM}',
    '{example.com}',
    '{Example.com}',
    '{my-house.co.uk/book}',
    '{casa-lisboa.pt}',
    'find us at {roost-lisbon.com}, it is cheaper',
    '{wa.me/15185550142}',
    '{t.me/johnsmith}',
    '{bit.ly/3xYz}',
    '{instagram.com/roost_lisbon}',
    '{youtu.be/abc}',
    '{example dot com}',
    '{example (dot) com}',
    '{example[.]com}',
    '{my-house dot co dot uk}',
    '{example . com}',
    '{example .com}',
    '{ｅｘａｍｐｌｅ．ｃｏｍ}',
  ])('masks %s', (marked) => expectMasked('link', marked));
});

describe('bank accounts', () => {
  it.each([
    '{DE89370400440532013000}',
    'IBAN {DE89 3704 0044 0532 0130 00}, please',
    '{de89-3704-0044-0532-0130-00}',
    '{NL91 ABNA 0417 1643 00} ten name van Jan',
    '{GB82 WEST 1234 5698 7654 32}.',
    '{NO93 8601 1117 947}',
    '{FR14 2004 1010 0505 0001 3M02 606}',
    '{PT50 0002 0123 1234 5678 9015 4}',
  ])('masks %s', (marked) => expectMasked('bank_account', marked));
});

describe('handles', () => {
  it.each([
    '{@roost_lisbon}',
    'I am {@john.smith} there',
    'find us {@ roost_lisbon}',
    'Instagram: {roostlisbon}',
    'insta {roost.lisbon}',
    'IG: {roost_lisbon}',
    'my instagram is {roostlisbon}',
    'telegram = {johnsmith}',
    'WhatsApp me under {johnny5alive}',
    'WeChat ID: {wxid_k3j4}',
    'skype {john.smith.42}',
    'skype: live:{john.42}',
    'my Skype is live:.{cid.1a2b3c4d5e}',
    'Line id {roost_77}',
    '{roost_lisbon} on instagram',
    'facebook user {johnsmith}',
    'snapchat: {j0hnny_s}',
  ])('masks %s', (marked) => expectMasked('handle', marked));
});

describe('text without contact data', () => {
  it.each([
    'We arrive on 2027-06-10 and leave on 2027-06-14.',
    '10.06.2027 - 14.06.2027',
    '10.-14.06.2027',
    '10-14.06.2027',
    '10/06-14/06/2027',
    '10/06/27-14/06/27',
    '6/10/2027 to 6/14/2027',
    '10 06 2027',
    'from 10/06/27',
    '20270610-20270614',
    'June 10th to 14th, 2027, check-in 15:00-22:00',
    'Between 15:00 and 23:30, at the latest 00:15',
    'Landing at 1455, taxi at 1530',
    'The total of $1,234.56 is fine',
    'Is it €1.250.000?',
    'USD 1200 for 12 nights',
    'JPY 1200000',
    'IDR 12 500 000',
    '120 000 kr',
    '100-150 EUR a night',
    '1,250,000 people live here',
    '100000 COP',
    'Rua Augusta 274, 3rd floor, 1100-053 Lisboa',
    '350 5th Avenue, New York, NY 10118-0110',
    '02139-4307',
    'House number 1224, flat 12',
    'The door code is 48151623',
    'PIN 4815 1623',
    'check-in code 555-0142',
    'lockbox: 0815 4711',
    'The wifi password is 12345678',
    'The key safe code is 123456',
    'Gate code 1234#, alarm 987654',
    'Licence 12345678/AL',
    'AL 123456/2027',
    'STR-0001234567',
    'Registration number 11002736915',
    'tax number 501964843',
    'booking 0198c0de-0000-7000-8000-000000000000',
    'Flight BA2490, TP 1363',
    'Booking reference 7391824650',
    'rooms 101, 102, 103, 104',
    'rooms 101 102 103 104',
    'built in 1890, renovated 2019 2020 2021',
    'The years 2024-2025-2026-2027',
    '42.6526, -73.7562',
    '42.652612',
    'The router is at 192.168.100.1 or 192.168.178.100',
    '2 adults, 3 children (7, 9 and 11), 1 dog',
    'We are 2-3 people for 4-5 nights',
    '1, 2, 3, 4, 5, 6, 7, 8, 9, 10',
    'One or two of us, maybe three; four nights, five at most',
    'I have two, three, four or five questions',
    'Is parking included? e.g. at the back, i.e. not on the street.',
    'Thanks.We come at 5 p.m. and leave at 11 a.m.',
    'It is great.Info follows.',
    'We look forward to it.It was lovely.So is the garden.',
    'St.Mary is near, about 0.5 km away',
    'v2.0 of the heating, 3.5 kW',
    'Meet @ 5pm or @noon',
    'We meet at the bakery at 9',
    'I work at Yahoo',
    'Do you use WhatsApp?',
    'WhatsApp is fine',
    'WhatsApp: works well',
    'We found you on Instagram',
    'The signal is weak, line 2 of the metro is near',
    'my line is busy',
    'A 160x200 bed, 85 m², 2nd floor',
    'The 5 G is fast: 250/100 Mbit',
    'Rating 4.85 with 212 reviews',
    'Temperatures of -5 to 25 degrees',
    'Score 10/10!!!',
    '24/7 self check-in',
    'ISBN 9 of 10',
    'Cosy loft @ Downtown Albany',
    'Suite @Downtown, flat @ Castle Terrace',
    'Noise 07.00-17.00 from Monday to Friday',
    'Short Term Let Application Number:101002083472',
    'STL 1620825/230/14072',
    'Built 1937–1939, licence 383071/230/06481',
    'I expected at some point to cook, and it was no issue at any point in the trip',
    'Lovely. 10000000/10',
    'It matches your LinkedIn profile link.',
    '100-200-3000',
    '200-300-4000',
    'sizes 120-180-2400',
    '42.6526 -73.7562',
    '151.2093, -33.8688',
    'DE90 3704 0044 0532 0130 00',
    'de twee huizen, drie kamers, vier bedden',
    'Dial 112 in an emergency, or 911',
    'The pool is 12.5 x 6 m and 1.20-2.10 m deep',
    'We need 2 cots, 1 high chair, and towels for 7.',
    '.',
    '',
  ])('does not change: %s', (written) => {
    expect(maskContacts(written)).toEqual({ text: written, hidden: [] });
  });
});

it('masks several contacts in one text and lists each kind once', () => {
  const written =
    'Mail a@example.com or b@example.com, call +1 518 555 0142, see example.com or @roost_x, pay DE89370400440532013000.';
  expect(maskContacts(written)).toEqual({
    text: 'Mail [mail address hidden] or [mail address hidden], call [phone number hidden], see [link hidden] or [handle hidden], pay [bank account hidden].',
    hidden: CONTACT_KINDS,
  });
});

it('does not change masked text', () => {
  const once = maskContacts('+1 518 555 0142, john at gmail dot com, https://example.com/@john').text;
  expect(maskContacts(once)).toEqual({ text: once, hidden: [] });
});

it('finishes for long and hostile texts', () => {
  for (const piece of [
    'a@',
    '1 ',
    '(',
    'a.',
    ' at ',
    'one ',
    '@@',
    'a (at) ',
    '1-(',
    'www',
    'insta ',
    '\u0301',
  ])
    expect(maskContacts(piece.repeat(Math.ceil(4000 / piece.length))).text).toBeDefined();
});
