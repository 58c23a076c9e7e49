import { amenities } from './amenities.js';

test.each<[string, string[] | null]>([
  ['["Wifi", "Fast wifi – 200 Mbps"]', ['wifi']],
  ['["65 inch HDTV with Netflix", "TV"]', ['tv']],
  [
    '["Washer", "Dishwasher", "Free dryer – In unit", "Hair dryer"]',
    ['washer', 'dishwasher', 'dryer', 'hair_dryer'],
  ],
  ['["Pool", "Pool table", "Shared outdoor pool"]', ['pool', 'pool_table']],
  ['["AC - split type ductless system"]', ['air_conditioning']],
  ['["Crème brûlée torch", "Free parking on premises"]', ['creme_brulee_torch', 'free_parking_on_premises']],
  [
    '["Children\\u2019s books and toys for ages 0-2 years old and 2-5 years old"]',
    ['children_books_and_toys'],
  ],
  ['["✨", 7, null]', []],
  ['[]', []],
  ['{}', null],
  ['Wifi', null],
  ['', null],
])('%s', (cell, names) => {
  expect(amenities(cell)).toEqual(names);
});
