import { expectDeclared } from './declared-responses.js';

const ID = '0190a5a4-7b1c-7c3e-8000-000000000001';

const check = (method: string, path: string, status: number, code?: string) => () =>
  expectDeclared(method, path, { status, code });

test('accepts a declared status, and a declared code of it', () => {
  expect(check('GET', '/v1/me', 200)).not.toThrow();
  expect(check('HEAD', '/v1/me', 200)).not.toThrow();
  expect(check('GET', `/v1/quotes/${ID}`, 404, 'quote.not_found')).not.toThrow();
});

test('rejects a status that the operation does not declare', () => {
  expect(check('GET', '/v1/me', 201)).toThrow('GET /v1/me responded with 201');
  expect(check('GET', '/v1/me', 409, 'quote.used')).toThrow('responded with 409 quote.used');
});

test('rejects a code that the operation does not declare for the status', () => {
  expect(check('GET', `/v1/quotes/${ID}`, 404, 'booking.not_found')).toThrow(
    'GET /v1/quotes/{id} responded with 404 booking.not_found',
  );
});

test('accepts 304 from a GET whose response has an ETag only', () => {
  expect(check('GET', `/v1/quotes/${ID}`, 304)).not.toThrow();
  expect(check('GET', '/v1/me/bookings', 304)).toThrow('GET /v1/me/bookings responded with 304');
});

test('rejects a GET with an ETag that does not declare 304', () => {
  const tagged = { status: 200, code: undefined, etag: '"1"' };
  expect(() => expectDeclared('GET', '/v1/me/bookings', tagged)).toThrow('@HasEtag()');
  expect(() => expectDeclared('GET', `/v1/quotes/${ID}`, tagged)).not.toThrow();
  expect(() => expectDeclared('PATCH', '/v1/me', tagged)).not.toThrow();
});

test('does not check paths and methods outside the documents', () => {
  expect(check('GET', '/v1/unknown', 418)).not.toThrow();
  expect(check('DELETE', '/v1/me/bookings', 418)).not.toThrow();
});

test('checks the operation of the path with fewer parameters', () => {
  expect(check('GET', '/v1/listings/search', 304)).toThrow('GET /v1/listings/search responded with 304');
  expect(check('GET', `/v1/listings/${ID}`, 304)).not.toThrow();
});

test('rejects an error without a code, except the response to HEAD', () => {
  expect(check('GET', `/v1/quotes/${ID}`, 404)).toThrow('GET /v1/quotes/{id} responded with 404');
  expect(check('HEAD', `/v1/quotes/${ID}`, 404)).not.toThrow();
});
