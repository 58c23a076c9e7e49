import { readFeed, type FeedContent } from './feed-events.js';

export const newYork = {
  listingId: '0193f0a0-1111-7000-8000-000000000001',
  timeZone: 'America/New_York',
  today: '2026-12-01',
};

export const calendar = (...lines: string[]): string =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', ...lines, 'END:VCALENDAR', ''].join('\r\n');
export const event = (...lines: string[]): string => ['BEGIN:VEVENT', ...lines, 'END:VEVENT'].join('\r\n');
export const days = (from: string, to: string): string[] => [
  `DTSTART;VALUE=DATE:2027${from}`,
  `DTEND;VALUE=DATE:2027${to}`,
];

export async function read(text: string | Buffer, place = newYork): Promise<FeedContent> {
  const content = await readFeed(Buffer.from(text as string), place);
  if (typeof content === 'string') throw new Error(content);
  return content;
}

/** `0309-0312` */
export const nightsOf = (content: FeedContent): string[] =>
  content.events.map(({ from, to }) => `${from}..${to}`.replaceAll(/2027-|-/g, '')).sort();

/** Reads a calendar with one event of these lines. */
export async function expectNights(
  lines: string[],
  nights: string[],
  ignored: FeedContent['ignored'],
): Promise<void> {
  const content = await read(calendar(event(...lines)));
  expect(nightsOf(content)).toEqual(nights);
  expect(content.ignored).toEqual(ignored);
}
