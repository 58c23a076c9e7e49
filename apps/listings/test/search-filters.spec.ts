import { priceStay, PriceRules } from '@roost/pricing';
import { addDays, addMonths, weekday } from '@roost/stay';
import { golden } from '@roost/testing';
import { SearchFacets } from '../src/search/facets.dto.js';
import { aHost, createPublished } from './listings.fixture.js';
import {
  atPoint,
  type Catalog,
  createCatalog,
  inCity,
  type SearchPageBody,
  titlesOf,
} from './search.fixture.js';

let catalog: Catalog;
beforeAll(async () => {
  catalog = await createCatalog();
});
afterAll(() => catalog.service.close());

describe('200: place', () => {
  test('finds listings in a box by their displaced points', async () => {
    expect(await catalog.titles('bbox=-73.8,42.6,-73.7,42.7')).toEqual(['loft', 'room']);
    expect(await catalog.titles('bbox=-74,42.6,-73.7,42.8')).toEqual(['house', 'loft', 'room']);
    expect(await catalog.titles('bbox=8,47,9,48')).toEqual(['zürich']);
    expect(await catalog.titles('bbox=0,0,1,1')).toEqual([]);
  });

  test('finds listings across the antimeridian', async () => {
    expect(await catalog.titles('bbox=179,-19,-179,-17')).toEqual(['fiji east', 'fiji west']);
    expect(await catalog.titles('bbox=170,-19,180,-17')).toEqual(['fiji east']);
    expect(await catalog.titles('near=-17.8,180&radiusKm=50')).toEqual(['fiji east', 'fiji west']);
    expect(await catalog.titles('near=-17.8,-179.99&radiusKm=50')).toEqual(['fiji east', 'fiji west']);
  });

  test('finds all listings in the largest box and without a place', async () => {
    expect(await catalog.titles('bbox=-180,-90,180,90')).toHaveLength(6);
    expect(await catalog.titles('')).toHaveLength(6);
  });

  test('finds listings around a point, nearest first', async () => {
    expect(await catalog.titles('near=42.65,-73.75&radiusKm=5')).toEqual(['loft', 'room']);
    const hits = (await catalog.search('near=42.75,-73.9&radiusKm=100&sort=distance')).data;
    expect(titlesOf(hits)[0]).toBe('house');
    expect(titlesOf(hits)).toHaveLength(3);
    const far = (await catalog.search('near=42.63,-73.73&radiusKm=100&sort=distance')).data;
    expect(titlesOf(far).at(-1)).toBe('house');
  });

  test('measures the radius to the displaced point, not to the exact one', async () => {
    const [hit] = (await catalog.search('near=42.65,-73.75&radiusKm=5&sort=distance')).data;
    const displaced = hit?.approximateLocation ?? { lat: 0, lng: 0 };
    const close = await catalog.search(`near=${displaced.lat},${displaced.lng}&radiusKm=0.1`);
    expect(close.data.map(({ id }) => id)).toContain(hit?.id);
  });

  test.each(['Zürich', 'zurich', ' ZÜRICH ', 'Zu\u0308rich'])(
    'finds listings in the city %p',
    async (city) => {
      expect(await catalog.titles(`city=${encodeURIComponent(city)}`)).toEqual(['zürich']);
    },
  );
});

describe('200: attributes', () => {
  test.each<[string, string[]]>([
    ['guests=5', ['house']],
    ['guests=1', ['house', 'loft', 'room']],
    ['guests=2&children=1', ['house', 'loft', 'room']],
    ['guests=2&children=2', ['house', 'loft']],
    ['children=5,7,17,17', ['house']],
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
  ])('filters by %s', async (query, expected) => {
    expect(await catalog.titles(`bbox=-75,42,-73,43&${query}`)).toEqual(expected);
  });

  test('filters by host', async () => {
    expect(await catalog.titles(`hostId=${catalog.host.id}`)).toHaveLength(6);
    expect(await catalog.titles('hostId=01890a5d-ac96-774b-bcce-b302099a8057')).toEqual([]);
  });

  test('filters by ids, in the requested order', async () => {
    const { data } = await catalog.search('bbox=-75,42,-73,43&sort=price');
    const [room, , house] = data.map(({ id }) => id);
    const unknown = '01890a5d-ac96-774b-bcce-b302099a8057';
    const found = await catalog.search(`ids=${house},${unknown},${room?.toUpperCase()}&sort=price`);
    expect(titlesOf(found.data)).toEqual(['room', 'house']);
    expect(found.nextCursor).toBeNull();
    expect(await catalog.titles(`ids=${room},${house}&guests=5`)).toEqual(['house']);
  });

  test('returns the urls of the first five photos', async () => {
    const id = await catalog.publish('many photos', { ...atPoint(60, 60), ...inCity('Turku', 'FI') });
    const photoIds = Array.from({ length: 7 }, (_, n) => `01890a5d-ac96-774b-bcce-b302099a800${n}`);
    await catalog.service.query('UPDATE listing SET photos = $2::jsonb WHERE id = $1', [
      id,
      JSON.stringify(photoIds.map((photoId) => ({ id: photoId, width: 1, height: 1, widths: [] }))),
    ]);
    const [hit] = (await catalog.search(`ids=${id}`)).data;
    expect(hit?.photoUrls.map((url) => url.split('/').at(-2))).toEqual(photoIds.slice(0, 5));
    expect(hit?.coverUrl).toBe(hit?.photoUrls[0]);
  });

  test('returns the newest name of the host', async () => {
    const host = aHost();
    const { id } = await createPublished(catalog.service, host, {
      ...atPoint(58.4, 26.7),
      ...inCity('Tartu', 'EE'),
    });
    const nameIn = async (query: string) =>
      (await catalog.search(query)).data.map(({ hostName }) => hostName);
    const names = () => Promise.all([nameIn(`ids=${id}`), nameIn('city=Tartu')]);
    expect(await names()).toEqual([[null], [null]]);
    const user = { ...golden('user.profile-changed'), userId: host.id };
    for (const [displayName, version, expected] of [
      ['Ada', 2, 'Ada'],
      ['Ada Lovelace', 4, 'Ada Lovelace'],
      ['Late', 3, 'Ada Lovelace'],
    ] as const) {
      await catalog.service.deliver('user.profile-changed', { ...user, displayName }, { version });
      expect(await names()).toEqual([[expected], [expected]]);
    }
  });

  test('returns only public fields', async () => {
    const hit = (await catalog.search('bbox=-73.8,42.6,-73.7,42.7')).data.find(
      ({ title }) => title === 'loft',
    );
    expect(hit).toEqual({
      id: expect.any(String) as string,
      title: 'loft',
      city: 'Albany',
      approximateLocation: { lat: expect.any(Number) as number, lng: expect.any(Number) as number },
      coverUrl: expect.stringMatching(/\/v1\/photos\/[0-9a-f-]+\/display\.jpg$/) as string,
      photoUrls: [hit?.coverUrl],
      roomType: 'entire_home',
      capacity: 4,
      bedrooms: 2,
      beds: 2,
      nightlyMinor: 12_000,
      currency: 'USD',
      stay: null,
      rating: null,
      instantBook: true,
      hostName: null,
    });
    expect(hit?.approximateLocation).not.toEqual({ lat: 42.65, lng: -73.75 });
  });

  test('shows an edit immediately', async () => {
    const id = await catalog.publish('moved', { ...atPoint(10, 10), ...inCity('Yola', 'NG') });
    expect(await catalog.titles('bbox=9,9,11,11')).toEqual(['moved']);
    await catalog.service.as(catalog.host).patch(`/v1/listings/${id}`, { ...atPoint(20, 20), capacity: 9 });
    expect(await catalog.titles('bbox=9,9,11,11')).toEqual([]);
    expect(await catalog.titles('bbox=19,19,21,21&guests=9')).toEqual(['moved']);
    await catalog.service.as(catalog.host).put(`/v1/listings/${id}/pricing`, { basePriceMinor: 77 });
    expect((await catalog.search('bbox=19,19,21,21')).data[0]?.nightlyMinor).toBe(77);
    await catalog.service.as(catalog.host).post(`/v1/listings/${id}/archive`);
    expect(await catalog.titles('bbox=19,19,21,21')).toEqual([]);
  });
});

describe('200: facets', () => {
  test('counts the hits of all pages by room type, amenity and price', async () => {
    const { data, facets } = await catalog.search('bbox=-75,42,-73,43&facets=true');
    expect(data).toHaveLength(3);
    expect(SearchFacets.parse(facets)).toEqual({
      roomType: { entire_home: 2, private_room: 1 },
      amenities: { wifi: 3, pool: 2, kitchen: 1 },
      currency: 'USD',
      priceHistogram: expect.any(Array) as unknown[],
      approximate: false,
    });
    const filled = facets?.priceHistogram.filter(({ count }) => count > 0) ?? [];
    expect(filled.map(({ count }) => count)).toEqual([1, 1, 1]);
    for (const { fromMinor, toMinor, count } of filled) {
      const prices = `currency=USD&minPrice=${fromMinor}&maxPrice=${toMinor}`;
      expect(await catalog.titles(`bbox=-75,42,-73,43&${prices}`)).toHaveLength(count);
    }
  });

  test('counts filtered hits only, and marks the counts of searches with dates', async () => {
    const dates = `checkIn=${catalog.day(30)}&checkOut=${catalog.day(32)}`;
    const { facets } = await catalog.search(`bbox=-75,42,-73,43&amenities=pool&${dates}&facets=true`);
    expect(facets).toMatchObject({
      roomType: { entire_home: 1 },
      amenities: { kitchen: 1 },
      approximate: true,
    });
    const empty = await catalog.search('city=nowhere&facets=true');
    expect(empty.facets).toEqual({
      ...{ roomType: {}, amenities: {}, currency: null, priceHistogram: [], approximate: false },
    });
    expect((await catalog.search('city=albany')).facets).toBeNull();
  });
});

describe('200: dates', () => {
  const albany = 'bbox=-75,42,-73,43';
  const nextFriday = () => {
    for (let n = 14; ; n += 1) if (weekday(catalog.day(n)) === 'fri') return n;
  };

  test('excludes stays that the stay rules reject', async () => {
    const friday = nextFriday();
    const stay = (from: number, to: number) =>
      catalog.titles(`${albany}&checkIn=${catalog.day(from)}&checkOut=${catalog.day(to)}`);
    expect(await stay(friday, friday + 3)).toEqual(['house', 'loft', 'room']);
    expect(await stay(friday, friday + 2)).toEqual(['loft', 'room']);
    expect(await stay(friday + 1, friday + 5)).toEqual(['loft', 'room']);
    const afterWindow = addMonths(catalog.day(0), 13);
    expect(
      await catalog.titles(`${albany}&checkIn=${afterWindow}&checkOut=${addDays(afterWindow, 2)}`),
    ).toEqual([]);
    expect(await catalog.titles(`${albany}&checkIn=${catalog.day(5)}&checkOut=${catalog.day(400)}`)).toEqual(
      [],
    );
  });

  test('finds a city by any kind of apostrophe', async () => {
    const place = { ...atPoint(3, 3), ...inCity("L'Aquila", 'IT'), timeZone: 'Europe/Rome' };
    await catalog.publish('apostrophe', place);
    for (const city of ["L'Aquila", 'L’Aquila', 'l`aquila']) {
      expect(await catalog.titles(`city=${encodeURIComponent(city)}`)).toEqual(['apostrophe']);
    }
  });

  test('returns the total of a quote', async () => {
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
    await catalog.publish(
      'priced',
      { ...atPoint(1, 1), ...inCity('Kampala', 'UG'), timeZone: 'Africa/Kampala' },
      pricing,
    );
    const [checkInDate, checkOutDate] = [catalog.day(30), catalog.day(38)];
    const { data } = await catalog.search(
      `bbox=0,0,2,2&checkIn=${checkInDate}&checkOut=${checkOutDate}&guests=4`,
    );
    const { totalMinor } = priceStay({
      rules: PriceRules.parse(pricing),
      checkInDate,
      checkOutDate,
      guests: { adults: 4, children: [], infants: 0, pets: 0 },
      timeZone: 'Africa/Kampala',
      now: catalog.service.clock.now(),
    });
    expect(data.map(({ stay }) => stay)).toEqual([{ nights: 8, totalMinor }]);
    expect(totalMinor).toBeGreaterThan(8 * 9_999);
  });

  test('prices children by their ages', async () => {
    const pricing = {
      basePriceMinor: 10_000,
      extraGuest: { above: 2, perNightMinor: 1_000 },
      taxes: [{ name: 'Guest', kind: 'per_guest', amountMinor: 500, exemptUnderAge: 12 }],
    };
    const place = { ...atPoint(50, 50), ...inCity('Oral', 'KZ'), capacity: 4 };
    const id = await catalog.publish('family', place, pricing);
    const total = async (guests: string) => {
      const dates = `checkIn=${catalog.day(30)}&checkOut=${catalog.day(32)}`;
      const { data } = await catalog.search(`ids=${id}&${dates}&${guests}`);
      return data[0]?.stay?.totalMinor;
    };
    const oneAdult = (await total('guests=1')) ?? 0;
    expect(await total('guests=2')).toBe(oneAdult + 500);
    expect(await total('guests=2&children=13')).toBe(oneAdult + 500);
    expect(await total('guests=2&children=11')).toBe(oneAdult);
    // Two extra guests for two nights, with the service fee of 14 %.
    expect(await total('guests=5&children=1')).toBe(oneAdult + 3 * 500 + 2 * 2 * 1_140);
  });

  test('determines past dates in the time zone of the listing', async () => {
    const honolulu = await catalog.publish('honolulu', {
      ...atPoint(21.3, -157.8),
      ...inCity('Honolulu', 'US'),
      timeZone: 'Pacific/Honolulu',
    });
    await catalog.service.clock.set('2027-03-02T05:00:00Z');
    try {
      // Still 1 March in Hawaii, already 2 March in Zürich.
      const hits = await catalog.search('checkIn=2027-03-01&checkOut=2027-03-03');
      const titles = titlesOf(hits.data);
      expect(titles).not.toContain('zürich');
      expect(titles).not.toContain('honolulu');
      await catalog.service
        .as(catalog.host)
        .put(`/v1/listings/${honolulu}/stay-rules`, { sameDayCutOff: '23:00' });
      const afterChange = await catalog.search('checkIn=2027-03-01&checkOut=2027-03-03');
      expect(titlesOf(afterChange.data)).toContain('honolulu');
    } finally {
      await catalog.service.clock.set(`${catalog.today}T17:00:00Z`);
    }
  });

  test('pages through searches with dates without listings that the rules reject', async () => {
    const friday = nextFriday();
    const query = `${albany}&checkIn=${catalog.day(friday + 1)}&checkOut=${catalog.day(friday + 2)}&limit=1`;
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const path: string = `/v1/listings/search?${query}${cursor === null ? '' : `&cursor=${cursor}`}`;
      const res = await catalog.service.anonymous.get<SearchPageBody>(path);
      paged.push(...titlesOf(res.body.data));
      cursor = res.body.nextCursor;
    } while (cursor !== null);
    expect(paged.sort()).toEqual(['loft', 'room']);
  });
});
