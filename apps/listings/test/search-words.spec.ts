import { EntityManager } from '@mikro-orm/postgresql';
import { Migration0009FillSearchWords } from '../migrations/Migration0009FillSearchWords.js';
import { atPoint, Catalog, inCity } from './search.fixture.js';
import { beginAtNoon, startListings } from './listings.fixture.js';

let catalog: Catalog;
beforeAll(async () => {
  const service = await startListings();
  catalog = new Catalog(service, await beginAtNoon(service));
  const publish = (title: string, city: string, countryCode: string, description: string) =>
    catalog.publish(title, { ...atPoint(1, 1), ...inCity(city, countryCode), description });
  await publish('Gemütliche Wohnung', 'Köln', 'DE', 'Helle Zimmer mit großem Balkon.');
  await publish('渋谷の静かなアパート', '東京', 'JP', '駅まで歩いて5分。');
  await publish('บ้านริมแม่น้ำ', 'กรุงเทพ', 'TH', 'เงียบสงบ');
  await publish(
    "L’Aquila's houses",
    'Saint‑Denis',
    'FR',
    'Des appartements près de la plage, with swimming pools.',
  );
  await publish('Garden flat', 'Sevilla', 'ES', 'A view of the garden.');
  await publish('Тихая квартира', 'Москва', 'RU', 'Рядом с красивым парком.');
});
afterAll(() => catalog.service.close());

const [german, japanese, thai, french, russian] = [
  'Gemütliche Wohnung',
  '渋谷の静かなアパート',
  'บ้านริมแม่น้ำ',
  "L’Aquila's houses",
  'Тихая квартира',
];

test.each<[string, string[]]>([
  ['gemutliche', [german]],
  ['GEMÜTLICH', [german]],
  ['gemu\u0308tlicher', [german]],
  ['grosser balkon', [german]],
  ['koln', [german]],
  ['渋谷', [japanese]],
  ['静か', [japanese]],
  ['"静かなアパート"', [japanese]],
  ['渋', [japanese]],
  ['東京 渋谷', [japanese]],
  ['谷渋', []],
  ['ริมแม่น้ำ', [thai]],
  ['กรุงเทพ', [thai]],
  ["l'aquila", [french]],
  ['L`Aquila', [french]],
  ['saint-denis', [french]],
  ['saint denis', [french]],
  ['house', [french]],
  ['appartement', [french]],
  ['“swimming pool”', [french]],
  ['"pool swimming"', []],
  ['pres -pool', []],
  ['plage -"pool swimming"', [french]],
  ['plage –wohnung', []],
  ['wohnung or plage', [french, german]],
  ['тихие квартиры', [russian]],
  ['парк', [russian]],
  ['wohnung plage', []],
  // "sea" is a stop word in Spanish, "of the" are stop words in English.
  ['sea view', []],
  ['garden -"sea view"', ['Garden flat']],
  ['view of a garden', ['Garden flat']],
  ['ｱﾊﾟｰﾄ', [japanese]],
])('finds %p in the listings with these words', async (words, expected) => {
  expect(await catalog.titles(`q=${encodeURIComponent(words)}`)).toEqual(expected.toSorted());
});

test.each([
  '-',
  '--',
  '" ',
  '&|!()<->:*',
  "\\'\\",
  '-"',
  'or or or',
  '- - -',
  '٪؟',
  '\u{20000}\u{1f600}',
  'の'.repeat(200),
])('answers %p without an error', async (words) => {
  await catalog.titles(`q=${encodeURIComponent(words)}`);
});

test('finds the words of an edited listing only', async () => {
  const id = await catalog.publish('Lighthouse', { ...atPoint(2, 2), ...inCity('Oslo', 'NO') });
  expect(await catalog.titles('q=lighthouses')).toEqual(['Lighthouse']);
  await catalog.service.as(catalog.host).patch(`/v1/listings/${id}`, { title: 'Windmill' });
  expect(await catalog.titles('q=lighthouses')).toEqual([]);
  expect(await catalog.titles('q=windmills')).toEqual(['Windmill']);
});

test('the migration fills the rows from before, without new versions', async () => {
  const { service } = catalog;
  await service.query('ALTER TABLE listing DISABLE TRIGGER listing_search_words');
  await service.query('UPDATE listing SET search_words = NULL');
  await service.query('ALTER TABLE listing ENABLE TRIGGER listing_search_words');
  expect(await catalog.titles('q=gemutlich')).toEqual([]);
  const versions = () => service.query('SELECT id, version, updated_at FROM listing ORDER BY id');
  const before = await versions();
  const em = service.get(EntityManager).fork();
  const migration = new Migration0009FillSearchWords(em.getDriver(), em.config);
  migration.up();
  for (const statement of migration.getQueries()) await service.query(String(statement));
  expect(await catalog.titles('q=gemutlich')).toEqual([german]);
  expect(await service.query('SELECT id FROM listing WHERE search_words IS NULL')).toEqual([]);
  expect(await versions()).toEqual(before);
});
