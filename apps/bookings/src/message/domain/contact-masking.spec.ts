import { CONTACT_KINDS, maskContacts, type ContactKind } from './contact-masking.js';
import { normalizeText } from './normalized-text.js';

const MARK: Record<ContactKind, string> = {
  mail: '[mail address hidden]',
  phone: '[phone number hidden]',
  link: '[link hidden]',
  handle: '[handle hidden]',
};

/** `{…}` is what has to go; all around it has to stay. */
function expectHidden(kind: ContactKind, marked: string): void {
  const written = marked.replace(/[{}]/gu, '');
  const { text, hidden } = maskContacts(written);
  const expected = marked.replace(/\{[^{}]*\}/gu, MARK[kind]);
  expect({ written, text, hidden }).toEqual({ written, text: expected, hidden: [kind] });
}

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
  ])('%s', (marked) => expectHidden('mail', marked));
});

describe('phone numbers', () => {
  it.each([
    '{+1 518 555 0142}',
    '{+1-518-555-0142}',
    '{+1 (518) 555-0142}',
    '{+15185550142}',
    '{001 518 555 0142}',
    'Call {518-555-0142} any time',
    '{(518) 555-0142}',
    '{518.555.0142}',
    '{518 555 0142}',
    '{5185550142}',
    '{518/555-0142}',
    '{518_555_0142}',
    '{518 - 555 - 0142}',
    'my number is {555-0142}',
    '{5550142} is my number',
    'tel. {555 01 42}',
    '{+44 7940 313023}',
    '{07940 313023}',
    '{07940313023}',
    '{(0131) 447 9904}',
    '{+44 (0)131 447 9904}',
    '{0044 7940 313 023}',
    '{+49 30 901820}',
    '{030/901820-0}',
    '{+49 (0) 30 90 18 20}',
    '{06 12 34 56 78}',
    '{06.12.34.56.78}',
    '{06-12-34-56-78}',
    '{+33 6 12 34 56 78}',
    '{612 345 678}',
    '{912345678}',
    '{+351 912 345 678}',
    '{+34612345678}',
    '{91 23 45 67}',
    'WhatsApp {91234567}',
    'text {9123 4567}',
    '{+65 9123 4567}',
    '{090-1234-5678}',
    '{+81 90 1234 5678}',
    '{010 1234 5678}',
    '{+55 11 91234-5678}',
    '{(11) 91234-5678}',
    '{+7 (912) 345-67-89}',
    '{8 912 345 67 89}',
    '{+91 98765 43210}',
    '{98765 43210}',
    '{+61 412 345 678}',
    '{0412 345 678}',
    '{+852 6123 4567}',
    '{+86 138 0013 8000}',
    '{13800138000}',
    '{+27 82 123 4567}',
    '{+971 50 123 4567}',
    '{+54 9 11 2345-6789}',
    '{٠٥٠١٢٣٤٥٦٧}',
    '{５１８５５５０１４２}',
    '{①②③④⑤⑥⑦⑨⑨⓪}',
    '{5️⃣1️⃣8️⃣5️⃣5️⃣5️⃣0️⃣1️⃣4️⃣2️⃣}',
    '{5 1 8 5 5 5 0 1 4 2}',
    '{5-1-8-5-5-5-0-1-4-2}',
    '{5.1.8.5.5.5.0.1.4.2}',
    '{5, 1, 8, 5, 5, 5, 0, 1, 4, 2}',
    '{5*1*8*5*5*5*0*1*4*2}',
    '{518\u2013555\u20130142}',
    '{518\u00a0555\u00a00142}',
    '{5\u200b185\u200b550142}',
    '{O7940 3l3O23}',
    '{five one eight five five five zero one four two}',
    '{five-one-eight, five five five, oh one four two}',
    '{five one eight triple five zero one four two}',
    'it is {0 seven 9 four 0 three 1 three 0 two 3}',
    '{seis uno dos tres cuatro cinco seis siete ocho}',
    '{zéro six douze}'.replace('{zéro six douze}', '{zéro six un deux trois quatre cinq six sept}'),
    '{null eins sieben sechs eins zwei drei vier fünf}',
    'tel{5185550142}',
    '📞 {555 0142}',
    'code: {0794 031 3023}',
    'From 2027-06-10 on {+1 518 555 0142}, from 15:00',
  ])('%s', (marked) => expectHidden('phone', marked));
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
  ])('%s', (marked) => expectHidden('link', marked));
});

describe('handles', () => {
  it.each([
    '{@roost_lisbon}',
    'I am {@john.smith} there',
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
  ])('%s', (marked) => expectHidden('handle', marked));
});

describe('what guests and hosts really write stays as it is', () => {
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
    'Dial 112 in an emergency, or 911',
    'The pool is 12.5 x 6 m and 1.20-2.10 m deep',
    'We need 2 cots, 1 high chair, and towels for 7.',
    '.',
    '',
  ])('%s', (written) => {
    expect(maskContacts(written)).toEqual({ text: written, hidden: [] });
  });
});

it('several in one text, each named once', () => {
  const written = 'Mail a@example.com or b@example.com, call +1 518 555 0142, see example.com or @roost_x.';
  expect(maskContacts(written)).toEqual({
    text: 'Mail [mail address hidden] or [mail address hidden], call [phone number hidden], see [link hidden] or [handle hidden].',
    hidden: CONTACT_KINDS,
  });
});

it('hides nothing twice: what is hidden once stays as it is', () => {
  const once = maskContacts('+1 518 555 0142, john at gmail dot com, https://example.com/@john').text;
  expect(maskContacts(once)).toEqual({ text: once, hidden: [] });
});

it('is done with long and hostile texts', () => {
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

it('a text is read as it looks, and every part of it can be found again', () => {
  const written = 'é①\u200b５\u0660𝟙x';
  const seen = normalizeText(written);
  expect(seen.text).toBe('e1501x');
  const parts = [...seen.text].map((_, at) => written.slice(...seen.original(at, at + 1)));
  expect(parts).toEqual(['é', '①\u200b', '５', '\u0660', '𝟙', 'x']);
});
