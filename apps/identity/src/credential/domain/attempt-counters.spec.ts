import { logInCounters, networkOf, sessionCounters } from './attempt-counters.js';

const subjects = (known: boolean, network = '192.0.2/24', userAgent: string | null = 'Phone/1.0') =>
  logInCounters('ada', { network, userAgent, known }).map(({ subject }) => subject);

it.each([
  ['192.0.2.1', '192.0.2.254', true],
  ['192.0.2.1', '192.0.3.1', false],
  ['::ffff:192.0.2.1', '192.0.2.9', true],
  ['2001:db8:0:1::1', '2001:db8:0:1:ffff::2', true],
  ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
])('networkOf puts %s and %s into one network: %s', (one, other, same) => {
  expect(networkOf(one) === networkOf(other)).toBe(same);
});

describe('logInCounters', () => {
  it('shares no count between a known device and unknown ones, in any network', () => {
    const known = subjects(true);
    for (const stranger of [subjects(false), subjects(false, '198.51.100/24')])
      expect(stranger.filter((subject) => known.includes(subject))).toEqual([]);
    expect(subjects(true, '192.0.2/24', 'Laptop/1.0')).not.toEqual(known);
  });

  it('counts unknown devices by network and, with a higher limit, together', () => {
    const counters = logInCounters('ada', { network: 'n', userAgent: null, known: false });
    expect(counters.map(({ freeFailures }) => freeFailures)).toEqual([5, 100]);
    const [here, there] = [subjects(false), subjects(false, '198.51.100/24')];
    expect([here[0] === there[0], here[1] === there[1]]).toEqual([false, true]);
  });
});

it('sessionCounters counts each session on its own', () => {
  const [one] = sessionCounters('ada', '1');
  const [other] = sessionCounters('ada', '2');
  expect(one?.subject).not.toBe(other?.subject);
  expect(one?.account).toBe(other?.account);
});
