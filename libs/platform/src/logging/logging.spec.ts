import { createLogger, nestLogger } from './logging.js';

const SECRET = 'S3cr3t-value';

function logged(fields: object): string {
  const written: string[] = [];
  createLogger('notes', 'info', { write: (text: string) => void written.push(text) }).info(fields, 'test');
  return written.join('');
}

describe.each([
  'authorization',
  'cookie',
  'set-cookie',
  'stripe-signature',
  'x-paystack-signature',
  'password',
  'token',
  'accessToken',
  'refreshToken',
  'mfaToken',
  'secret',
  'clientSecret',
  'apiKey',
  'privateKey',
  'email',
  'recipient',
  'phone',
  'card',
  'cardNumber',
  'cvc',
  'iban',
  'accountNumber',
  'body',
  'sql',
  'parameters',
])('the value of "%s" never appears', (key) => {
  test.each([
    ['in the line', { [key]: SECRET }],
    ['in a field', { request: { [key]: SECRET } }],
    ['in a field of a field', { request: { headers: { [key]: SECRET } } }],
    ['deep inside of a list', { attempts: [{ request: { headers: { [key]: SECRET } } }] }],
    ['in capitals', { headers: { [key.toUpperCase()]: SECRET } }],
    ['as an object', { user: { [key]: { number: SECRET } } }],
  ])('%s', (_where, fields) => {
    const line = logged(fields);
    expect(line).not.toContain(SECRET);
    expect(line).toContain('[redacted]');
  });
});

test('the logged object itself stays as it is', () => {
  const user = { email: SECRET };
  logged({ user });
  expect(user).toEqual({ email: SECRET });
});

test('other fields stay readable', () => {
  const fields = {
    bookingId: '01a22b33-0e61-7d5b-9cd0-cdd2eb8f4d94',
    code: 'booking.dates_unavailable',
    lagMs: 12,
  };
  expect(JSON.parse(logged(fields))).toMatchObject(fields);
});

test.each([
  ['a mail address', 'no such user: ann.smith+x@mail.example.com', 'ann.smith'],
  ['a token', 'invalid token eyJhbGciOi.eyJzdWIi.c2lnbmF0dXJl', 'eyJzdWIi'],
  ['an Authorization header', 'rejected Bearer abc123def456', 'abc123def456'],
  ['a key of a provider', 'Invalid API Key provided: sk_live_4eC39HqLyjWDarjtT1zdp7dc', '4eC39HqL'],
  ['a password in a URL', 'connect failed: postgresql://roost:hunter2@db:5432/roost', 'hunter2'],
  ['the number of a card', 'card 4242 4242 4242 4242 was declined', '4242 4242'],
  ['a telephone number', 'cannot send to +351 912 345 678', '912 345'],
])('the message of an error is logged without %s', (_kind, message, secret) => {
  const error = new Error(message, { cause: new Error(message) });
  expect(logged({ err: error })).not.toContain(secret);
  const written: string[] = [];
  const logger = createLogger('notes', 'info', { write: (text: string) => void written.push(text) });
  nestLogger(logger).error(message);
  expect(written.join('')).not.toContain(secret);
});

test('ids and amounts in the message of an error stay readable', () => {
  const message = 'payment 01a22b33-0e61-7d5b-9cd0-cdd2eb8f4d94 of 12500 USD at 2027-05-01T13:00:00.000Z';
  expect(JSON.parse(logged({ err: new Error(message) }))).toMatchObject({ err: { message } });
});

test('a database error is logged without its statement, values and detail', () => {
  const error = Object.assign(new Error(`insert into note values ('${SECRET}') - duplicate key`), {
    code: '23505',
    detail: `Key (text)=(${SECRET}) already exists.`,
    query: `insert into note values ('${SECRET}')`,
    parameters: [SECRET],
  });
  expect(logged({ err: error })).not.toContain(SECRET);
});
