import type { DateRange } from '@roost/stay';

/** Nights that are not available. */
export interface ExportedNights extends DateRange {
  /** Does not change while they have the same owner, even if their dates change. */
  uid: string;
}

const OCTETS = 75;
/** Short enough that a UID fits on one line. */
const DIGEST_LENGTH = 24;

/**
 * Assigns stable UIDs to the nights of each owner. An owner with one range keeps its UID when the range moves; the ranges
 * of an import are identified by their first night. Preparation before and after a stay have separate UIDs, so that one
 * does not change when the other is past. `digest` hides the owner.
 */
export function exportedNights(
  listingId: string,
  nights: readonly (DateRange & { ownerId: string; kind: string })[],
  digest: (text: string) => string,
): ExportedNights[] {
  const used = new Set<string>();
  const beforeStays = new Set(
    nights.filter(({ kind }) => kind === 'stay').map(({ ownerId, from }) => `${ownerId}/${from}`),
  );
  return nights.map(({ ownerId, kind, from, to }) => {
    const isAfter = kind === 'prep' && !beforeStays.has(`${ownerId}/${to}`);
    const role = `${ownerId}/${kind}${isAfter ? '/after' : ''}`;
    const name = kind === 'import' || used.has(role) ? `${role}/${from}` : role;
    used.add(role);
    return { uid: digest(`${listingId}/${name}`).slice(0, DIGEST_LENGTH) + domainOf(listingId), from, to };
  });
}

/**
 * The nights as an iCalendar (RFC 5545): whole days, the end exclusive. It contains neither the reasons nor guest data.
 * Equal nights result in equal bytes.
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

/** Whether a UID comes from this listing's own export. */
export const isOwnUid = (uid: string, listingId: string): boolean =>
  uid.toLowerCase().endsWith(domainOf(listingId));

const domainOf = (listingId: string): string => `@${listingId}.roost`;

const compact = (date: string): string => date.replaceAll('-', '');

/** Folds a line into lines of at most 75 octets, at character boundaries. */
export function fold(line: string): string {
  const parts: string[] = [];
  let part = '';
  let octets = 0;
  for (const character of line) {
    const size = Buffer.byteLength(character);
    if (octets + size > OCTETS) {
      parts.push(part);
      // The space of the continuation counts as an octet.
      [part, octets] = ['', 1];
    }
    part += character;
    octets += size;
  }
  return [...parts, part].join('\r\n ');
}
