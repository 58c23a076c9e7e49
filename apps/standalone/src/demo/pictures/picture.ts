import sharp from 'sharp';
import { Chance, type Hour, Sheet } from './drawing.js';
import { type City, inside, type Room } from './inside.js';
import { kyoto, lisbon, montreal } from './outside.js';

const OUTSIDE = { Lisbon: lisbon, Montréal: montreal, Kyoto: kyoto };
const HOURS: readonly Hour[] = ['day', 'dusk', 'dawn', 'day', 'night', 'dusk'];
const WIDE = 1280;

export type View = 'outside' | Room;

export interface Place {
  city: City;
  title: string;
}

/** A picture of a place that is not there: drawn, not taken, and the same each time. */
export function drawing({ city, title }: Place, view: View): string {
  const chance = new Chance(`${title} ${view}`);
  // One hour per place, so that its pictures belong together.
  const hour = new Chance(title).pick(HOURS);
  const sheet = new Sheet(chance, view === 'outside' && hour === 'night' ? 'dusk' : hour);
  const content = view === 'outside' ? OUTSIDE[city](sheet) : inside(sheet, city, view);
  return sheet.svg(content);
}

export async function picture(place: Place, view: View): Promise<Buffer> {
  const svg = Buffer.from(drawing(place, view));
  return await sharp(svg, { density: (72 * WIDE) / 1200 })
    .flatten()
    .jpeg({ quality: 88 })
    .toBuffer();
}
