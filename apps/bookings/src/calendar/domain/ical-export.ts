import type { DateRange } from '@roost/stay';

/** Nights that can't be had here. */
export interface ExportedNights extends DateRange {
  /** The same for as long as they are somebody's, even if they move. */
  uid: string;
}

const OCTETS = 75;
/** Short enough that a UID fits on one line. */
const DIGEST_LENGTH = 24;

/**
 * Names the nights of each owner so that a reader finds them again: what has one range keeps its name when it moves; an
 * import, which has many, is told by where each begins. Preparation before and after a stay have names of their own, so
 * that one keeps its name when the other is past. `digest` keeps to itself whose they are.
 */
export function exportedNights(
  listingId: string,
  nights: readonly (DateRange & { ownerId: string; kind: string })[],
  digest: (text: string) => string,
): ExportedNights[] {
  const seen = new Set<string>();
  const beforeStays = new Set(
    nights.filter(({ kind }) => kind === 'stay').map(({ ownerId, from }) => `${ownerId}/${from}`),
  );
  return nights.map(({ ownerId, kind, from, to }) => {
    const isAfter = kind === 'prep' && !beforeStays.has(`${ownerId}/${to}`);
    const role = `${ownerId}/${kind}${isAfter ? '/after' : ''}`;
    const name = kind === 'import' || seen.has(role) ? `${role}/${from}` : role;
    seen.add(role);
    return { uid: digest(`${listingId}/${name}`).slice(0, DIGEST_LENGTH) + domainOf(listingId), from, to };
  });
}

/**
 * The nights as an iCalendar (RFC 5545): whole days, the end exclusive. It says nothing of why they are taken, and nothing
 * of guests. The same nights give the same bytes.
 */
export function writeIcal(nights: readonly ExportedNights[], writtenAt: Date): string {
  const stamp = `${writtenAt.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
  const events = nights.flatMap(({ uid, from, to }) => [
    'BEGIN:VEVENT',
    `UID:${uid}`,
    `DTSTAMP:${stamp}`,
    `DTSTART;VALUE=DATE:${compact(from)}`,
    `DTEND;VALUE=DATE:${compact(to)}`,
    'SUMMARY:Not available',
    'CLASS:PRIVATE',
    'TRANSP:OPAQUE',
    'END:VEVENT',
  ]);
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//Roost//Calendar//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    'REFRESH-INTERVAL;VALUE=DURATION:PT15M',
    'X-PUBLISHED-TTL:PT15M',
    ...events,
    'END:VCALENDAR',
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join('');
}

/** A UID of this listing's own export: what carries it is no news. */
export const isOwnUid = (uid: string, listingId: string): boolean =>
  uid.toLowerCase().endsWith(domainOf(listingId));

const domainOf = (listingId: string): string => `@${listingId}.roost`;

const compact = (date: string): string => date.replaceAll('-', '');

/** Lines of at most 75 octets; a character is never cut. */
export function fold(line: string): string {
  const parts: string[] = [];
  let part = '';
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > OCTETS) {
      parts.push(part);
      // The space that marks a continuation counts.
      [part, octets] = ['', 1];
    }
    part += character;
    octets += size;
  }
  return [...parts, part].join('\r\n ');
}
