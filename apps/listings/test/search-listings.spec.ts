import { priceStay, PriceRules } from '@roost/pricing';
import { addDays, addMonths, localDate, weekday } from '@roost/stay';
import { expectProblem, type TestService, type TestUser } from '@roost/testing';
import { z } from 'zod';
import { SearchHit } from '../src/search/search.dto.js';
import { aHost, givenComplete, givenPublished, startListings } from './given.js';

interface Hit {
  id: string;
  title: string;
  city: string;
  approximateLocation: { lat: number; lng: number };
  coverUrl: string;
  roomType: string;
  capacity: number;
  nightlyMinor: number;
  currency: string;
  stay: { nights: number; totalMinor: number } | null;
  rating: unknown;
  instantBook: boolean;
}
interface Hits {
  data: Hit[];
  nextCursor: string | null;
}

let service: TestService;
let host: TestUser;
const names = new Map<string, string>();

const search = async (query: string) => {
  const res = await service.anonymous.get<Hits>(`/v1/listings/search?limit=100&${query}`);
  expect({ status: res.status, body: res.status === 200 ? null : res.body }).toEqual({
    status: 200,
    body: null,
  });
  expect(z.array(SearchHit).parse(res.body.data)).toEqual(res.body.data);
  return res.body;
};
const namesOf = (hits: Hit[]) => hits.map(({ id }) => names.get(id) ?? id);
const found = async (query: string) => namesOf((await search(query)).data).sort();
const day = (n: number) => addDays(localDate(service.clock.now(), 'America/New_York'), n);

async function given(
  name: string,
  other: Record<string, unknown>,
  pricing: Record<string, unknown> = {},
  stayRules?: Record<string, unknown>,
) {
  const { id } = await givenPublished(
    service,
    host,
    { title: name, ...other },
    { pricing, ...(stayRules === undefined ? {} : { stayRules }) },
  );
  names.set(id, name);
  return id;
}

const at = (lat: number, lng: number) => ({ location: { lat, lng } });
const inCity = (city: string, countryCode: string) => ({
  address: { line1: '1 Main Street', city, region: '', postalCode: '', countryCode },
});

beforeAll(async () => {
  service = await startListings();
  host = aHost();
  await given('loft', { ...at(42.65, -73.75), capacity: 4, amenities: ['wifi', 'kitchen', 'pool'] });
  await given(
    'room',
    {
      ...at(42.66, -73.76),
      roomType: 'private_room',
      propertyType: 'house',
      capacity: 1,
      bedrooms: 1,
      beds: 1,
      bathrooms: 1,
      amenities: ['wifi'],
      bookingMode: 'request',
    },
    { basePriceMinor: 4_000 },
  );
  await given(
    'house',
    {
      ...at(42.75, -73.9),
      ...inCity('Schenectady', 'US'),
      capacity: 12,
      bedrooms: 6,
      beds: 9,
      bathrooms: 3.5,
      amenities: ['wifi', 'pool'],
      description: 'A Victorian with a turret and a garden of old roses.',
    },
    { basePriceMinor: 45_000 },
    { minNights: 3, checkInWeekdays: ['fri'] },
  );
  await given(
    'fiji east',
    { ...at(-17.8, 179.9), ...inCity('Taveuni', 'FJ'), timeZone: 'Pacific/Fiji', currency: 'FJD' },
    { basePriceMinor: 20_000 },
  );
  await given(
    'fiji west',
    { ...at(-17.8, -179.9), ...inCity('Taveuni', 'FJ'), timeZone: 'Pacific/Fiji', currency: 'FJD' },
    { basePriceMinor: 22_000 },
  );
  await given(
    'zürich',
    { ...at(47.37, 8.54), ...inCity('Zürich', 'CH'), timeZone: 'Europe/Zurich', currency: 'CHF' },
    { basePriceMinor: 19_000 },
  );
  await givenComplete(service, aHost(), { title: 'a draft', ...at(42.65, -73.75) });
});
afterAll(() => service.close());

describe('200: where', () => {
  test('in a box, by the displaced points', async () => {
    expect(await found('bbox=-73.8,42.6,-73.7,42.7')).toEqual(['loft', 'room']);
    expect(await found('bbox=-74,42.6,-73.7,42.8')).toEqual(['house', 'loft', 'room']);
    expect(await found('bbox=8,47,9,48')).toEqual(['zürich']);
    expect(await found('bbox=0,0,1,1')).toEqual([]);
  });

  test('across the antimeridian', async () => {
    expect(await found('bbox=179,-19,-179,-17')).toEqual(['fiji east', 'fiji west']);
    expect(await found('bbox=170,-19,180,-17')).toEqual(['fiji east']);
    expect(await found('near=-17.8,180&radiusKm=50')).toEqual(['fiji east', 'fiji west']);
    expect(await found('near=-17.8,-179.99&radiusKm=50')).toEqual(['fiji east', 'fiji west']);
  });

  test('the whole world, and no place at all', async () => {
    expect(await found('bbox=-180,-90,180,90')).toHaveLength(6);
    expect(await found('')).toHaveLength(6);
  });

  test('around a point, nearest first', async () => {
    expect(await found('near=42.65,-73.75&radiusKm=5')).toEqual(['loft', 'room']);
    const hits = (await search('near=42.75,-73.9&radiusKm=100&sort=distance')).data;
    expect(namesOf(hits)[0]).toBe('house');
    expect(namesOf(hits)).toHaveLength(3);
    const far = (await search('near=42.63,-73.73&radiusKm=100&sort=distance')).data;
    expect(namesOf(far).at(-1)).toBe('house');
  });

  test('the radius is measured to the displaced point, not to the door', async () => {
    const [hit] = (await search('near=42.65,-73.75&radiusKm=5&sort=distance')).data;
    const seen = hit?.approximateLocation ?? { lat: 0, lng: 0 };
    const close = await search(`near=${seen.lat},${seen.lng}&radiusKm=0.1`);
    expect(close.data.map(({ id }) => id)).toContain(hit?.id);
  });

  test.each(['Zürich', 'zurich', ' ZÜRICH ', 'Zu\u0308rich'])('the city %p', async (city) => {
    expect(await found(`city=${encodeURIComponent(city)}`)).toEqual(['zürich']);
  });
});

describe('200: what', () => {
  test.each<[string, string[]]>([
    ['guests=5', ['house']],
    ['guests=1', ['house', 'loft', 'room']],
    ['roomType=private_room', ['room']],
    ['propertyType=house', ['room']],
    ['amenities=wifi', ['house', 'loft', 'room']],
    ['amenities=pool,wifi', ['house', 'loft']],
    ['amenities=pool,wifi,kitchen', ['loft']],
    ['amenities=helipad', []],
    ['minBedrooms=2', ['house', 'loft']],
    ['minBeds=9', ['house']],
    ['minBathrooms=3.5', ['house']],
    ['minBathrooms=3.6', []],
    ['instantBook=false', ['room']],
    ['instantBook=true', ['house', 'loft']],
    ['currency=USD&minPrice=12000', ['house', 'loft']],
    ['currency=USD&maxPrice=12000', ['loft', 'room']],
    ['currency=USD&minPrice=4000&maxPrice=4000', ['room']],
    ['currency=EUR', []],
    ['q=turret roses', ['house']],
    ['q=LOFT', ['loft']],
    ['q=%27%22)(%26|!', []],
  ])('%s', async (query, expected) => {
    expect(await found(`bbox=-75,42,-73,43&${query}`)).toEqual(expected);
  });

  test('of one host', async () => {
    expect(await found(`hostId=${host.id}`)).toHaveLength(6);
    expect(await found('hostId=01890a5d-ac96-774b-bcce-b302099a8057')).toEqual([]);
  });

  test('a hit has no more than a stranger may see', async () => {
    const hit = (await search('bbox=-73.8,42.6,-73.7,42.7')).data.find(({ title }) => title === 'loft');
    expect(hit).toEqual({
      id: expect.any(String) as string,
      title: 'loft',
      city: 'Albany',
      approximateLocation: { lat: expect.any(Number) as number, lng: expect.any(Number) as number },
      coverUrl: expect.stringMatching(/\/v1\/photos\/[0-9a-f-]+\/display\.jpg$/) as string,
      roomType: 'entire_home',
      capacity: 4,
      nightlyMinor: 12_000,
      currency: 'USD',
      stay: null,
      rating: null,
      instantBook: true,
    });
    expect(hit?.approximateLocation).not.toEqual({ lat: 42.65, lng: -73.75 });
  });

  test('an edit shows at once', async () => {
    const id = await given('moving', { ...at(10, 10), ...inCity('Yola', 'NG') });
    expect(await found('bbox=9,9,11,11')).toEqual(['moving']);
    await service.as(host).patch(`/v1/listings/${id}`, { ...at(20, 20), capacity: 9 });
    expect(await found('bbox=9,9,11,11')).toEqual([]);
    expect(await found('bbox=19,19,21,21&guests=9')).toEqual(['moving']);
    await service.as(host).put(`/v1/listings/${id}/pricing`, { basePriceMinor: 77 });
    expect((await search('bbox=19,19,21,21')).data[0]?.nightlyMinor).toBe(77);
    await service.as(host).post(`/v1/listings/${id}/archive`);
    expect(await found('bbox=19,19,21,21')).toEqual([]);
  });
});

describe('200: when', () => {
  const albany = 'bbox=-75,42,-73,43';
  const nextFriday = () => {
    for (let n = 14; ; n += 1) if (weekday(day(n)) === 'fri') return n;
  };

  test('the stay rules have the last word', async () => {
    const friday = nextFriday();
    const stay = (from: number, to: number) => found(`${albany}&checkIn=${day(from)}&checkOut=${day(to)}`);
    expect(await stay(friday, friday + 3)).toEqual(['house', 'loft', 'room']);
    expect(await stay(friday, friday + 2)).toEqual(['loft', 'room']);
    expect(await stay(friday + 1, friday + 5)).toEqual(['loft', 'room']);
    expect(
      await found(`${albany}&checkIn=${addMonths(day(0), 13)}&checkOut=${addMonths(day(2), 13)}`),
    ).toEqual([]);
    expect(await found(`${albany}&checkIn=${day(5)}&checkOut=${day(400)}`)).toEqual([]);
  });

  test('the total of the stay is that of a quote, to the cent', async () => {
    const pricing = {
      basePriceMinor: 9_999,
      weekendPriceMinor: 13_333,
      discounts: { weeklyBps: 733, monthlyBps: 0, earlyBird: null, lastMinute: null },
      cleaningFeeMinor: 3_333,
      extraGuest: { above: 2, perNightMinor: 777 },
      taxes: [
        { name: 'City', kind: 'percent', bps: 625 },
        { name: 'Night', kind: 'per_guest_night', amountMinor: 131 },
      ],
    };
    await given('priced', { ...at(1, 1), ...inCity('Kampala', 'UG'), timeZone: 'Africa/Kampala' }, pricing);
    const [checkInDate, checkOutDate] = [day(30), day(38)];
    const { data } = await search(`bbox=0,0,2,2&checkIn=${checkInDate}&checkOut=${checkOutDate}&guests=4`);
    const { totalMinor } = priceStay({
      rules: PriceRules.parse(pricing),
      checkInDate,
      checkOutDate,
      guests: { adults: 4, children: [], infants: 0, pets: 0 },
      timeZone: 'Africa/Kampala',
      now: service.clock.now(),
    });
    expect(data.map(({ stay }) => stay)).toEqual([{ nights: 8, totalMinor }]);
    expect(totalMinor).toBeGreaterThan(8 * 9_999);
  });

  test('"past" is past in the zone of the listing', async () => {
    const honolulu = await given('honolulu', {
      ...at(21.3, -157.8),
      ...inCity('Honolulu', 'US'),
      timeZone: 'Pacific/Honolulu',
    });
    await service.clock.set('2027-03-02T05:00:00Z');
    try {
      // Still 1 March in Hawaii, already 2 March in Zürich.
      const hits = await search('checkIn=2027-03-01&checkOut=2027-03-03');
      const ids = hits.data.map(({ id }) => names.get(id));
      expect(ids).not.toContain('zürich');
      expect(ids).not.toContain('honolulu');
      await service.as(host).put(`/v1/listings/${honolulu}/stay-rules`, { sameDayCutOff: '23:00' });
      const later = await search('checkIn=2027-03-01&checkOut=2027-03-03');
      expect(later.data.map(({ id }) => names.get(id))).toContain('honolulu');
    } finally {
      await service.clock.reset();
    }
  });

  test('pages with dates skip what the rules refuse and come to an end', async () => {
    const friday = nextFriday();
    const query = `${albany}&checkIn=${day(friday + 1)}&checkOut=${day(friday + 2)}&limit=1`;
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const path: string = `/v1/listings/search?${query}${cursor === null ? '' : `&cursor=${cursor}`}`;
      const res = await service.anonymous.get<Hits>(path);
      seen.push(...namesOf(res.body.data));
      cursor = res.body.nextCursor;
    } while (cursor !== null);
    expect(seen.sort()).toEqual(['loft', 'room']);
  });
});

describe('200: in which order', () => {
  test('price up and down', async () => {
    const prices = (hits: Hit[]) => hits.map(({ nightlyMinor }) => nightlyMinor);
    expect(prices((await search('bbox=-75,42,-73,43&sort=price')).data)).toEqual([4_000, 12_000, 45_000]);
    expect(prices((await search('bbox=-75,42,-73,43&sort=-price')).data)).toEqual([45_000, 12_000, 4_000]);
    expect(prices((await search('city=albany&sort=price')).data)).toEqual([4_000, 12_000]);
  });

  test('the better match with the words first', async () => {
    await given('roses', { ...at(5, 5), ...inCity('Akure', 'NG'), description: 'Nothing about it.' });
    const hits = (await search('q=roses')).data;
    expect(namesOf(hits)).toEqual(['roses', 'house']);
  });

  test.each([
    'sort=relevance',
    'sort=price',
    'sort=-price',
    'near=42.7,-73.8&sort=distance',
    'q=wifi or market',
  ])('page by page under %s: all of them, each once, in the same order', async (query) => {
    const place = query.includes('near=') ? 'radiusKm=100' : 'bbox=-180,-90,180,90';
    const whole = (await search(`${place}&${query}`)).data.map(({ id }) => id);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const path: string = `/v1/listings/search?${place}&${query}&limit=2${cursor === null ? '' : `&cursor=${cursor}`}`;
      const res = await service.anonymous.get<Hits>(path);
      expect(res.status).toBe(200);
      expect(res.body.data.length).toBeLessThanOrEqual(2);
      seen.push(...res.body.data.map(({ id }) => id));
      cursor = res.body.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(whole);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.length).toBeGreaterThan(2);
  });
});

const cursorOf = (key: unknown) => Buffer.from(JSON.stringify(key)).toString('base64url');

describe('400', () => {
  test.each<[string, string]>([
    ['bbox=1,2,3', 'bbox'],
    ['bbox=1,2,3,4,5', 'bbox'],
    ['bbox=a,b,c,d', 'bbox'],
    ['bbox=,,,', 'bbox'],
    ['bbox=0,10,1,5', 'bbox'],
    ['bbox=-181,0,1,5', 'bbox'],
    ['bbox=0,-91,1,5', 'bbox'],
    ['bbox=NaN,0,1,5', 'bbox'],
    ['bbox=1e1,0,11,5', 'bbox'],
    ['bbox=0,0,1,1&city=Albany', 'city'],
    ['bbox=0,0,1,1&near=0,0', 'near'],
    ['near=0,0&city=Albany', 'city'],
    ['near=0', 'near'],
    ['near=91,0', 'near'],
    ['near=0,181', 'near'],
    ['near=0,0&radiusKm=0', 'radiusKm'],
    ['near=0,0&radiusKm=-5', 'radiusKm'],
    ['near=0,0&radiusKm=50000', 'radiusKm'],
    ['radiusKm=5', 'radiusKm'],
    ['city=', 'city'],
    ['city=%00', 'city'],
    [`city=${'x'.repeat(10_000)}`, 'city'],
    ['checkIn=2027-05-01', 'checkOut'],
    ['checkOut=2027-05-01', 'checkIn'],
    ['checkIn=2027-05-03&checkOut=2027-05-01', 'checkOut'],
    ['checkIn=2027-05-01&checkOut=2027-05-01', 'checkOut'],
    ['checkIn=2028-02-31&checkOut=2028-03-02', 'checkIn'],
    ['checkIn=2027-05-01T00:00:00Z&checkOut=2027-05-02', 'checkIn'],
    ['checkIn=2020-05-01&checkOut=2020-05-02', 'checkIn'],
    ['checkIn=2027-05-01&checkOut=2099-05-02', 'checkOut'],
    ['guests=0', 'guests'],
    ['guests=1000000000', 'guests'],
    ['guests=1e9', 'guests'],
    ['guests=-1', 'guests'],
    ['guests=two', 'guests'],
    ['guests=2&guests=3', 'guests'],
    ['minPrice=100', 'currency'],
    ['minPrice=1.5&currency=USD', 'minPrice'],
    ['minPrice=200&maxPrice=100&currency=USD', 'maxPrice'],
    ['maxPrice=9999999999999999&currency=USD', 'maxPrice'],
    ['currency=usd', 'currency'],
    ['roomType=tent', 'roomType'],
    ['propertyType=a%20b', 'propertyType'],
    ['amenities=', 'amenities.0'],
    ["amenities=wi'fi", 'amenities.0'],
    ['minBedrooms=-1', 'minBedrooms'],
    ['minBeds=x', 'minBeds'],
    ['minBathrooms=x', 'minBathrooms'],
    ['instantBook=yes', 'instantBook'],
    ['hostId=1', 'hostId'],
    ['q=', 'q'],
    ['q=%00', 'q'],
    [`q=${'x'.repeat(201)}`, 'q'],
    ['sort=cheapest', 'sort'],
    ['sort=distance', 'sort'],
    ['limit=0', 'limit'],
    ['limit=101', 'limit'],
    ['cursor=%7B%7D', 'cursor'],
    [`cursor=${cursorOf({ by: 'price', value: 1, key: 1 })}`, 'cursor'],
    [`cursor=${cursorOf({ by: 'score', value: 1.5, key: 1 })}`, 'cursor'],
    [`cursor=${cursorOf({ by: 'score', value: 1e300, key: 1 })}`, 'cursor'],
    [`cursor=${cursorOf({ by: 'score', value: "1'--", key: 1 })}`, 'cursor'],
    [`sort=price&cursor=${cursorOf({ by: 'price', value: 1, key: -1 })}`, 'cursor'],
    ['bounds=1,2,3,4', 'bounds'],
    ['__proto__=1', '__proto__'],
  ])('%s', async (query, parameter) => {
    const res = await service.anonymous.get(`/v1/listings/search?${query}`);
    expectProblem(res, 400, 'request.invalid', parameter);
  });
});
