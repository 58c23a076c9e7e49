import { expectProblem, type TestService } from '@roost/testing';
import { startListings } from './listings.fixture.js';

let service: TestService;
beforeAll(async () => {
  service = await startListings();
});
afterAll(() => service.close());

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
    ['children=18', 'children'],
    ['children=two', 'children'],
    ['children=', 'children'],
    ['guests=2&children=3,4', 'children'],
    [`children=${'3,'.repeat(20)}3`, 'children'],
    ['ids=', 'ids.0'],
    ['ids=1', 'ids.0'],
    [
      `ids=${Array.from({ length: 101 }, (_, n) => `01890a5d-ac96-774b-bcce-b302099a8${100 + n}`).join(',')}`,
      'ids',
    ],
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
    ['facets=true', 'facets'],
    ['facets=1&city=Albany', 'facets'],
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
  ])('rejects %s', async (query, parameter) => {
    const res = await service.anonymous.get(`/v1/listings/search?${query}`);
    expectProblem(res, 400, 'request.invalid', parameter);
  });
});
