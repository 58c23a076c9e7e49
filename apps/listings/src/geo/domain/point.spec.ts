import { metresBetween } from './point.js';

test('computes the distance between two cities', () => {
  // Albany NY to Edinburgh, from an atlas: about 5,060 km.
  const kilometres = metresBetween({ lat: 42.6526, lng: -73.7562 }, { lat: 55.9533, lng: -3.1883 }) / 1000;
  expect(kilometres).toBeGreaterThan(4900);
  expect(kilometres).toBeLessThan(5150);
});
