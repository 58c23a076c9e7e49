import { logInCounters, networkOf, sessionCounters, siteOf } from './attempt-counters.js';

const HOME = { network: '192.0.2/24', site: null, userAgent: 'Phone/1.0', deviceId: null };
const subjects = (known: 'device' | 'network' | 'no', origin: Partial<typeof HOME> = {}) =>
  logInCounters('ada', { ...HOME, ...origin, known }).map(({ subject }) => subject);

it.each([
  ['192.0.2.1', '192.0.2.254', true],
  ['192.0.2.1', '192.0.3.1', false],
  ['::ffff:192.0.2.1', '192.0.2.9', true],
  ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
])('networkOf puts %s and %s into one network: %s', (one, other, same) => {
  expect(networkOf(one) === networkOf(other)).toBe(same);
});

it.each([
  ['192.0.2.1', '192.0.2.1', null],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', true],
  ['2001:db8:0:1::1', '2001:db8:1:1::1', false],
])('siteOf puts %s and %s into one site: %s', (one, other, same) => {
  if (same === null) expect(siteOf(one)).toBeNull();
  else expect(siteOf(one) === siteOf(other)).toBe(same);
});

describe('logInCounters', () => {
  it('shares no count between a known device and unknown ones, in any network', () => {
    const known = subjects('device');
    for (const stranger of [
      subjects('no'),
      subjects('network'),
      subjects('no', { network: '198.51.100/24' }),
    ])
      expect(stranger.filter((subject) => known.includes(subject))).toEqual([]);
    expect(subjects('device', { userAgent: 'Laptop/1.0' })).not.toEqual(known);
  });

  it('counts a device with a cookie alone, in any network', () => {
    const on = (deviceId: string, network: string) =>
      logInCounters('ada', { ...HOME, network, deviceId, known: 'no' }).map(({ subject }) => subject);
    expect(on('1', 'a')).toHaveLength(1);
    expect(on('1', 'a')).toEqual(on('1', 'b'));
    expect(on('1', 'a')).not.toEqual(on('2', 'a'));
  });

  it('counts a new device in a known network by that network only', () => {
    const elsewhere = subjects('no', { network: '198.51.100/24' });
    expect(subjects('network')).toHaveLength(1);
    expect(subjects('network').filter((subject) => elsewhere.includes(subject))).toEqual([]);
  });

  it('counts unknown networks alone, by site and, with a higher limit, together', () => {
    const counters = logInCounters('ada', { ...HOME, site: 's', known: 'no' });
    expect(counters.map(({ freeFailures }) => freeFailures)).toEqual([5, 10, 100]);
    const [here, there] = [subjects('no'), subjects('no', { network: '198.51.100/24' })];
    expect([here[0] === there[0], here[1] === there[1]]).toEqual([false, true]);
  });
});

it('sessionCounters counts each session on its own', () => {
  const [one] = sessionCounters('ada', '1');
  const [other] = sessionCounters('ada', '2');
  expect(one?.subject).not.toBe(other?.subject);
  expect(one?.account).toBe(other?.account);
});
