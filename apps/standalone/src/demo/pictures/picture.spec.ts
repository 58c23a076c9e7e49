import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { keptPicture } from './kept.js';
import { drawing, picture, type View } from './picture.js';

const VIEWS: View[] = ['outside', 'living', 'bedroom', 'kitchen'];

test('the same place looks the same every time, another one does not', () => {
  for (const view of VIEWS) {
    expect(drawing({ city: 'Lisbon', title: 'A house' }, view)).toBe(
      drawing({ city: 'Lisbon', title: 'A house' }, view),
    );
    expect(drawing({ city: 'Lisbon', title: 'A house' }, view)).not.toBe(
      drawing({ city: 'Lisbon', title: 'Another house' }, view),
    );
  }
});

test.each(['Lisbon', 'Montréal', 'Kyoto'] as const)('%s is something to look at', async (city) => {
  for (const view of VIEWS) {
    const bytes = await picture({ city, title: 'A house' }, view);
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width: 1280, height: 853 });
    const { channels, entropy } = await sharp(bytes).stats();
    expect(entropy).toBeGreaterThan(4);
    // Colours, not greys: the channels differ, and each of them varies.
    expect(
      Math.max(...channels.map(({ mean }) => mean)) - Math.min(...channels.map(({ mean }) => mean)),
    ).toBeGreaterThan(5);
    for (const { stdev } of channels) expect(stdev).toBeGreaterThan(15);
  }
});

test('what has been drawn is kept, and not drawn again', async () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'roost-pictures-')), 'pictures');
  const place = { city: 'Lisbon', title: 'A house' } as const;
  const drawn = await keptPicture(folder, place, 'outside');
  expect(drawn).toEqual(await picture(place, 'outside'));
  const [file = ''] = readdirSync(folder);
  writeFileSync(join(folder, file), 'kept');
  expect((await keptPicture(folder, place, 'outside')).toString()).toBe('kept');
  expect(await keptPicture(folder, place, 'living')).toEqual(await picture(place, 'living'));
  rmSync(dirname(folder), { recursive: true });
});
