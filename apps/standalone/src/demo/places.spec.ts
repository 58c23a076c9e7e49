import { CITIES } from './places.js';
import { COMING, PAST } from './stays.js';

const places = CITIES.flatMap((city) => city.places.map((place) => ({ city, place })));
const named = (title: string) => places.find(({ place }) => place.title === title)?.place;

test('a few dozen places in three cities, with three currencies and time zones', () => {
  expect(places).toHaveLength(36);
  for (const field of ['city', 'currency', 'timeZone', 'host'] as const) {
    expect(new Set(CITIES.map((city) => city[field])).size).toBe(3);
  }
});

test('titles are unique: they tell an interrupted load what is there already', () => {
  expect(new Set(places.map(({ place }) => place.title)).size).toBe(places.length);
});

test('every house names rooms that are let at its own address', () => {
  const houses = places.filter(({ place }) => place.rooms);
  expect(houses).toHaveLength(3);
  for (const { place } of houses) {
    for (const room of place.rooms ?? []) expect(named(room)?.street).toBe(place.street);
  }
});

test('every stay fits its place', () => {
  for (const stay of [...PAST, ...COMING]) {
    const place = named(stay.place);
    expect(place).toBeDefined();
    expect(stay.adults + (stay.childrenAges?.length ?? 0)).toBeLessThanOrEqual(place?.size[0] ?? 0);
    expect(stay.nights).toBeGreaterThanOrEqual(place?.minNights ?? 1);
  }
});

test('a guest books one place once of what is yet to come, so that it is found again', () => {
  const keys = [...PAST, ...COMING].map(({ guest, place }) => `${guest} ${place}`);
  for (const { guest, place } of COMING) {
    expect(keys.filter((key) => key === `${guest} ${place}`)).toHaveLength(1);
  }
});

test('nobody stays where somebody else does', () => {
  const all = [...PAST, ...COMING].filter((stay) => !stay.then);
  for (const one of all) {
    for (const other of all) {
      if (one === other || one.place !== other.place) continue;
      expect(one.checkIn + one.nights <= other.checkIn || other.checkIn + other.nights <= one.checkIn).toBe(
        true,
      );
    }
  }
});
