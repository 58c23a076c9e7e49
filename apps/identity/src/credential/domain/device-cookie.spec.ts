import { randomUUID } from 'node:crypto';
import { cookieOf, parseDevice, setCookie } from './device-cookie.js';

const NOW = new Date('2027-05-01T12:00:00Z');
const DAY_MS = 24 * 60 * 60 * 1000;

it.each([
  [undefined, undefined],
  ['', undefined],
  ['roost_device=v1.a-b.c_d', 'v1.a-b.c_d'],
  ['theme=dark; roost_device=x;y=1', 'x'],
  ['other_roost_device=x', undefined],
  ['roost_device', undefined],
])('cookieOf %j is %j', (header, value) => {
  expect(cookieOf(header)).toBe(value);
});

it('parseDevice accepts a device for 180 days after its last proof', () => {
  const device = (days: number) => ({
    id: randomUUID(),
    userId: randomUUID(),
    provenAt: NOW.getTime() - days * DAY_MS,
  });
  const [fresh, old] = [device(180), device(181)];
  expect(parseDevice(JSON.stringify(fresh), NOW)).toEqual(fresh);
  expect(parseDevice(JSON.stringify(old), NOW)).toBeNull();
  expect(parseDevice('{}', NOW)).toBeNull();
});

it('setCookie requires an encrypted connection if there is one', () => {
  expect(setCookie('x', { secure: true })).toBe(
    'roost_device=x; Max-Age=15552000; Path=/v1/auth; HttpOnly; SameSite=Lax; Secure',
  );
  expect(setCookie('x', { secure: false })).not.toContain('Secure');
});
