import { clientNetwork } from './client-network.js';

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['2001:db8:0:1:aaaa::1', '2001:db8:0:1::/64'],
  ['2001:DB8:0:1::2', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80::/64'],
  ['', ''],
])('clientNetwork of %j is %j', (ip, network) => {
  expect(clientNetwork({ ip })).toBe(network);
});
