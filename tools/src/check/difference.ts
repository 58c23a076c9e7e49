/** Two places that should say the same and do not. */
export interface Difference {
  /** Which rule found it, such as `calendar.overlap`. */
  rule: string;
  /** What it is about: a booking, a payment, a listing. */
  about: string;
  /** One sentence for whoever has to mend it. */
  what: string;
}

export type Database = 'bookings' | 'listings' | 'payments' | 'sandbox';

/** Where the check reads: the services' databases past the services, and the public API. */
export interface Sources {
  query<Row extends object>(database: Database, text: string): Promise<Row[]>;
  /** Of the gateway. */
  url: string;
  /** Domain time. */
  now: Date;
}
