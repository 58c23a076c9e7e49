/**
 * Parses RFC 5545 files, tolerating the errors of real feeds. Only properties that determine nights are returned: a
 * DESCRIPTION may contain digits of guests' phone numbers, and is discarded here.
 */

export interface Property {
  /** In upper case. */
  name: string;
  params: ReadonlyMap<string, string>;
  value: string;
}

export interface IcalEvent {
  properties: readonly Property[];
}

/** A VTIMEZONE. */
export interface ZoneInFile {
  /** Its name in the IANA data (X-LIC-LOCATION). */
  location: string | null;
  /** The properties of its STANDARD and DAYLIGHT components. */
  observances: readonly (readonly Property[])[];
}

export interface IcalFile {
  events: readonly IcalEvent[];
  /** The zone of the calendar, for times without a zone of their own. */
  timeZone: string | null;
  /** The time zones that the file defines, by their TZID. */
  zones: ReadonlyMap<string, ZoneInFile>;
  /** The file cancels its events (METHOD:CANCEL). */
  cancels: boolean;
}

export type Unreadable = 'not_a_calendar' | 'truncated' | 'too_many_events' | 'unreadable_dates';

export const MAX_EVENTS = 5_000;
/** Limits the memory of a file with past events, which the limit of events from today on does not count. */
const MAX_COMPONENTS_IN_FILE = 100_000;
/** The maximum length of an unfolded line, in bytes. No date is longer. */
const MAX_LINE_BYTES = 100_000;
/** In characters. */
const COST_BETWEEN_PAUSES = 100_000;
const COST_OF_LINE = 20;

const DATES = new Set(['DTSTART', 'DTEND', 'RDATE', 'EXDATE', 'RECURRENCE-ID']);
export const BUSY_STATUS = ['BUSYSTATUS', 'X-MICROSOFT-CDO-BUSYSTATUS'];
const USED_PROPERTIES = new Set([
  ...DATES,
  'DURATION',
  'RRULE',
  'UID',
  'SEQUENCE',
  'STATUS',
  'TRANSP',
  ...BUSY_STATUS,
]);
const OBSERVANCE = new Set(['DTSTART', 'RRULE', 'RDATE', 'TZOFFSETFROM', 'TZOFFSETTO']);
const BYTE_ORDER_MARK = Buffer.from([0xef, 0xbb, 0xbf]);

/** `pause` yields to other work. */
export async function readIcal(bytes: Buffer, pause: () => Promise<unknown>): Promise<IcalFile | Unreadable> {
  const file = new FileReader();
  let started = false;
  let unread = 0;
  for (const line of linesOf(bytes)) {
    unread += line.length + COST_OF_LINE;
    if (unread > COST_BETWEEN_PAUSES) {
      unread = 0;
      await pause();
    }
    const property = parseLine(line);
    if (!started) {
      if (line.trim() === '') continue;
      if (property?.name !== 'BEGIN' || nameOf(property) !== 'VCALENDAR') return 'not_a_calendar';
      started = true;
    }
    const problem = property && file.read(property);
    if (problem) return problem;
  }
  if (!started) return 'not_a_calendar';
  return file.isOpen ? 'truncated' : file;
}

class FileReader implements IcalFile {
  readonly events: { properties: Property[] }[] = [];
  readonly zones = new Map<string, ZoneInFile>();
  timeZone: string | null = null;
  cancels = false;
  /** The names of the components that have begun and not ended. */
  private readonly open: string[] = [];
  private zone: { id: string; location: string | null; observances: Property[][] } | null = null;
  private components = 0;

  get isOpen(): boolean {
    return this.open.length > 0;
  }

  read(property: Property): Unreadable | null {
    if (property.name === 'BEGIN') return this.begin(nameOf(property));
    if (property.name === 'END') return this.end(nameOf(property));
    const [inside, depth] = [this.open.at(-1), this.open.length];
    if (inside === 'VCALENDAR') this.readCalendar(property);
    else if (inside === 'VEVENT' && depth === 2 && USED_PROPERTIES.has(property.name)) {
      this.events.at(-1)?.properties.push(property);
    } else if (inside === 'VTIMEZONE') this.readZone(property);
    else if (this.open.at(-2) === 'VTIMEZONE' && OBSERVANCE.has(property.name)) {
      this.zone?.observances.at(-1)?.push(property);
    }
    return null;
  }

  private begin(name: string): Unreadable | null {
    this.open.push(name);
    this.components += 1;
    if (this.components > MAX_COMPONENTS_IN_FILE) return 'too_many_events';
    if (name === 'VTIMEZONE') this.zone = { id: '', location: null, observances: [] };
    else if (this.open.at(-2) === 'VTIMEZONE') this.zone?.observances.push([]);
    else if (name === 'VEVENT' && this.open.length === 2) this.events.push({ properties: [] });
    return null;
  }

  /** A component that ends before it begins, or before its inner components, shows a missing part. */
  private end(name: string): Unreadable | null {
    if (this.open.pop() !== name) return 'truncated';
    if (name === 'VTIMEZONE' && this.zone) this.zones.set(this.zone.id, this.zone);
    return null;
  }

  private readCalendar({ name, value }: Property): void {
    if (name === 'X-WR-TIMEZONE') this.timeZone = withoutQuotes(value);
    else if (name === 'METHOD') this.cancels = value.trim().toUpperCase() === 'CANCEL';
  }

  private readZone({ name, value }: Property): void {
    if (!this.zone) return;
    if (name === 'TZID') this.zone.id = withoutQuotes(value);
    else if (name === 'X-LIC-LOCATION') this.zone.location = value;
  }
}

/** A fold may split a character, so lines are unfolded as bytes and decoded afterwards. */
function* linesOf(bytes: Buffer): Generator<string> {
  const utf8 = inUtf8(bytes);
  const start = utf8.subarray(0, 3).equals(BYTE_ORDER_MARK) ? 3 : 0;
  const unfolded = utf8
    .toString('latin1', start)
    .replace(/\r\n?/g, '\n')
    .replace(/\n[ \t]/g, '');
  for (let from = 0; from < unfolded.length;) {
    const end = unfolded.indexOf('\n', from);
    const to = end < 0 ? unfolded.length : end;
    yield to - from > MAX_LINE_BYTES
      ? 'X-TOO-LONG:'
      : Buffer.from(unfolded.slice(from, to), 'latin1').toString();
    from = to + 1;
  }
}

/** Some exporters write UTF-16, with a byte order mark. */
function inUtf8(bytes: Buffer): Buffer {
  const mark = bytes.length < 2 ? 0 : bytes.readUInt16BE(0);
  const encoding = mark === 0xfffe ? 'utf-16le' : mark === 0xfeff ? 'utf-16be' : null;
  return encoding === null ? bytes : Buffer.from(new TextDecoder(encoding).decode(bytes));
}

export const propertyOf = (event: IcalEvent, name: string): Property | undefined =>
  event.properties.find((property) => property.name === name);

const NAME = /^\s*([A-Za-z0-9-]+)(?=[;:])/;
const PARAM = /;([^=;:]*)=("[^"]*"|[^;]*)/g;

/** `DTSTART;TZID=Europe/Lisbon:20270309T160000`. Null for a line that is not a property. */
function parseLine(line: string): Property | null {
  const [, rawName] = NAME.exec(line) ?? [];
  if (rawName === undefined) return null;
  const name = rawName.toUpperCase();
  const colon = DATES.has(name) ? colonBeforeDate(line) : firstColon(line);
  if (colon < 0) return null;
  const params = new Map<string, string>();
  for (const [, key = '', value = ''] of line.slice(0, colon).matchAll(PARAM)) {
    params.set(key.trim().toUpperCase(), withoutQuotes(value));
  }
  return { name, params, value: line.slice(colon + 1) };
}

/** Parameters of a date may contain colons, quoted or not; its value may as well (`15:00:00`). */
function colonBeforeDate(line: string): number {
  const colon = line.search(/:\s*\d{4}-?\d{2}-?\d{2}/);
  return colon < 0 ? line.lastIndexOf(':') : colon;
}

/** The first colon outside of quotes, or -1. */
function firstColon(line: string): number {
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    if (line[at] === '"') quoted = !quoted;
    else if (line[at] === ':' && !quoted) return at;
  }
  return -1;
}

const withoutQuotes = (text: string): string => text.replaceAll('"', '').trim();

const nameOf = ({ value }: Property): string => value.trim().toUpperCase();
