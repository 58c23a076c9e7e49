/** The table of bookings with the calendars whose changes are not published yet. */
export const DIRTY_CALENDAR_TABLE = 'calendar_mark';

/** A disagreement between two stored facts. */
export interface Difference {
  /** The rule that reports it, such as `calendar.overlap`. */
  rule: string;
  /** A booking, payment, listing or other row, with its id. */
  subject: string;
  /** The values that disagree, in one sentence. */
  description: string;
}

export type Database = 'bookings' | 'identity' | 'listings' | 'payments' | 'reviews' | 'sandbox';

/** The databases of the services, read directly, and the public API. */
export interface Sources {
  query<Row extends object>(database: Database, text: string): Promise<Row[]>;
  /** The URL of the gateway. */
  url: string;
  /** Domain time. */
  now: Date;
}
