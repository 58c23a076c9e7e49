import { CITIES } from './places.js';
import { PAST_STAYS } from './past-stays.js';
import { UPCOMING_STAYS } from './upcoming-stays.js';

const places = CITIES.flatMap((city) => city.places.map((place) => ({ city, place })));
const placeByTitle = (title: string) => places.find(({ place }) => place.title === title)?.place;

test('has 36 places in three cities with different currencies, time zones and hosts', () => {
  expect(places).toHaveLength(36);
  for (const field of ['city', 'currency', 'timeZone', 'host'] as const) {
    expect(new Set(CITIES.map((city) => city[field])).size).toBe(3);
  }
});

test('has unique titles, by which an interrupted load finds existing listings', () => {
  expect(new Set(places.map(({ place }) => place.title)).size).toBe(places.length);
});

test('lists rooms of a house at the address of the house', () => {
  const houses = places.filter(({ place }) => place.rooms);
  expect(houses).toHaveLength(3);
  for (const { place } of houses) {
    for (const room of place.rooms ?? []) expect(placeByTitle(room)?.street).toBe(place.street);
  }
});

test('has no stay that exceeds the capacity or the minimum nights of its place', () => {
  for (const stay of [...PAST_STAYS, ...UPCOMING_STAYS]) {
    const place = placeByTitle(stay.place);
    expect(place).toBeDefined();
    expect(stay.adults + (stay.childrenAges?.length ?? 0)).toBeLessThanOrEqual(place?.size[0] ?? 0);
    expect(stay.nights).toBeGreaterThanOrEqual(place?.minNights ?? 1);
  }
});

test('has at most one upcoming booking per guest and place, by which an interrupted load finds it', () => {
  const keys = [...PAST_STAYS, ...UPCOMING_STAYS].map(({ guest, place }) => `${guest} ${place}`);
  for (const { guest, place } of UPCOMING_STAYS) {
    expect(keys.filter((key) => key === `${guest} ${place}`)).toHaveLength(1);
  }
});

test('has no overlapping stays at one place', () => {
  const all = [...PAST_STAYS, ...UPCOMING_STAYS].filter((stay) => !stay.outcome);
  for (const one of all) {
    for (const other of all) {
      if (one === other || one.place !== other.place) continue;
      expect(one.checkIn + one.nights <= other.checkIn || other.checkIn + other.nights <= one.checkIn).toBe(
        true,
      );
    }
  }
});
