import { fillTemplate, parseClientUrls } from './client-settings.js';

describe('parseClientUrls', () => {
  it('reads a template per page', () => {
    const list =
      'booking=https://app.example.com/bookings/{bookingId}, reset-password=http://localhost:5173/reset?t={token}';
    expect([...(parseClientUrls(list) ?? [])]).toEqual([
      ['booking', 'https://app.example.com/bookings/{bookingId}'],
      ['reset-password', 'http://localhost:5173/reset?t={token}'],
    ]);
    expect(parseClientUrls('')?.size).toBe(0);
  });

  it.each([
    'https://app.example.com',
    'booking',
    'booking=',
    'booking=app.example.com',
    'booking=ftp://app.example.com',
    'booking=https://{host}/x',
    'booking=https://user@app.example.com/',
    'booking=https://app.example.com:99999/',
    'booking=https:/\\app.example.com',
    'booking=https://a.example,booking=https://b.example',
    'Booking=https://app.example.com',
    'bookings=https://app.example.com/bookings',
    'constructor=https://app.example.com',
    'booking=https://app.example.com/bookings/{id}',
    'booking=https://app.example.com/bookings/{booking-id}',
    'booking=https://app.example.com/bookings/{}',
    'booking=https://app.example.com/bookings/{bookingId',
    'payouts=https://app.example.com/{token}',
  ])('rejects %s', (list) => expect(parseClientUrls(list)).toBeNull());
});

it('fills a template, encoded', () => {
  expect(fillTemplate('https://a.example/{id}/{other}', { id: 'a/b' })).toBe(
    'https://a.example/a%2Fb/{other}',
  );
});
