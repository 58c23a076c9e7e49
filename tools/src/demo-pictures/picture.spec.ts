import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { PictureCache } from './picture-cache.js';
import { drawing, renderPicture } from './picture.js';
import type { View } from './subject.js';

const VIEWS: View[] = ['outside', 'living', 'bedroom', 'kitchen'];

test('draws the same picture for the same place, and another one for another place', () => {
  for (const view of VIEWS) {
    expect(drawing({ city: 'Lisbon', title: 'A house' }, view)).toBe(
      drawing({ city: 'Lisbon', title: 'A house' }, view),
    );
    expect(drawing({ city: 'Lisbon', title: 'A house' }, view)).not.toBe(
      drawing({ city: 'Lisbon', title: 'Another house' }, view),
    );
  }
});

test.each(['Lisbon', 'Montréal', 'Kyoto'] as const)(
  'renders a colourful JPEG of %s for each view',
  async (city) => {
    for (const view of VIEWS) {
      const bytes = await renderPicture(drawing({ city, title: 'A house' }, view));
      expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 1280, height: 853 });
      const { channels, entropy } = await sharp(bytes).stats();
      expect(entropy).toBeGreaterThan(4);
      // The channels differ from each other, and each of them varies: the picture is not grey.
      expect(
        Math.max(...channels.map(({ mean }) => mean)) - Math.min(...channels.map(({ mean }) => mean)),
      ).toBeGreaterThan(5);
      for (const { stdev } of channels) expect(stdev).toBeGreaterThan(15);
    }
  },
);

test('stores a rendered picture and does not render it again', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'roost-pictures-')), 'pictures');
  const place = { city: 'Lisbon', title: 'A house' } as const;
  const cache = new PictureCache(folder);
  const rendered = await cache.get(place, 'outside');
  expect(rendered).toEqual(await renderPicture(drawing(place, 'outside')));
  const [file = ''] = readdirSync(folder);
  writeFileSync(join(folder, file), 'stored');
  expect((await cache.get(place, 'outside')).toString()).toBe('stored');
  expect(await cache.get(place, 'living')).toEqual(await renderPicture(drawing(place, 'living')));
  rmSync(dirname(folder), { recursive: true });
});
