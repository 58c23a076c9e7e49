import sharp from 'sharp';
import { kyoto } from './kyoto.js';
import { lisbon } from './lisbon.js';
import { montreal } from './montreal.js';
import { room } from './rooms.js';
import type { PictureSubject, View } from './subject.js';
import { SeededRandom, Sheet, type TimeOfDay } from './svg.js';

const STREETS = { Lisbon: lisbon, Montréal: montreal, Kyoto: kyoto };
const TIMES_OF_DAY: readonly TimeOfDay[] = ['day', 'dusk', 'dawn', 'day', 'night', 'dusk'];
const SVG_WIDTH = 1200;
const DEFAULT_WIDTH = 1280;
/** Pixels per inch at which one SVG unit is one pixel. */
const SVG_DENSITY = 72;

/** The SVG of a picture: the same text for the same subject and view. */
export function drawing({ city, title }: PictureSubject, view: View): string {
  const random = new SeededRandom(`${title} ${view}`);
  // All pictures of a subject show the same time of day.
  const timeOfDay = new SeededRandom(title).pick(TIMES_OF_DAY);
  const sheet = new Sheet(random, view === 'outside' && timeOfDay === 'night' ? 'dusk' : timeOfDay);
  const content = view === 'outside' ? STREETS[city](sheet) : room(sheet, city, view);
  return sheet.svg(content);
}

/** The picture as a JPEG, `width` pixels wide. */
export async function renderPicture(svg: string, width = DEFAULT_WIDTH): Promise<Buffer> {
  return await sharp(Buffer.from(svg), { density: (SVG_DENSITY * width) / SVG_WIDTH })
    .flatten()
    .jpeg({ quality: 88 })
    .toBuffer();
}
