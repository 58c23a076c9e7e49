import { checkCalendar } from './calendar.check.js';
import { type Database, type Difference, DIRTY_CALENDAR_TABLE, type Sources } from './difference.js';
import { checkMoney } from './money.check.js';
import { checkSearch, type SearchRequest } from './search.check.js';

const SERVICES_WITH_EVENTS = ['bookings', 'listings', 'payments'] as const;

/** Pending work: database, kind and query. */
const PENDING_WORK: readonly [Database, string, string][] = [
  [
    'payments',
    'operation',
    `SELECT id::text AS subject, kind AS description FROM payment_operation WHERE status = 'pending'`,
  ],
  [
    'payments',
    'webhook',
    `SELECT id AS subject, type AS description FROM webhook_event WHERE handled_at IS NULL`,
  ],
  [
    'sandbox',
    'webhook',
    `SELECT id AS subject, type AS description FROM webhook_event WHERE delivered_at IS NULL AND NOT lost`,
  ],
  [
    'bookings',
    'calendar',
    `SELECT listing_id::text AS subject, 'calendar' AS description FROM ${DIRTY_CALENDAR_TABLE}`,
  ],
  ...SERVICES_WITH_EVENTS.map((database): [Database, string, string] => [
    database,
    'event',
    `SELECT e.id::text AS subject, e.type AS description FROM outbox_event e
     WHERE EXISTS (SELECT FROM outbox_cursor c WHERE (e.xid, e.id) > (c.xid, c.id)) LIMIT 20`,
  ]),
];

const DEAD_LETTERS = `SELECT event_id::text AS subject,
  format('%s: %s %s', type, coalesce(code, 'blocked'), coalesce(detail, '')) AS description FROM dead_letter`;

interface Row {
  subject: string;
  description: string;
}

/** The work that is started and not complete. Empty when Roost is idle. */
export async function findPendingWork(sources: Pick<Sources, 'query'>): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const [database, kind, text] of PENDING_WORK) {
    const rows = await sources.query<Row>(database, text);
    found.push(...rows.map((row) => ({ rule: `pending.${kind}`, ...row })));
  }
  return found;
}

/**
 * Compares calendar, bookings, search, payments, refunds, the entries of the provider and the ledger, with direct
 * queries and separate rules. Returns an empty list when all agree. Use it when Roost is idle: pending work is reported
 * as a difference.
 */
export async function checkAgreement(
  sources: Sources,
  options: {
    searches?: readonly SearchRequest[];
    /** `false` leaves out search and the public calendars. */
    publicViews?: boolean;
  } = {},
): Promise<Difference[]> {
  const deadLetters: Difference[] = [];
  for (const database of SERVICES_WITH_EVENTS) {
    const rows = await sources.query<Row>(database, DEAD_LETTERS);
    deadLetters.push(...rows.map((row) => ({ rule: `dead_letter.${database}`, ...row })));
  }
  return [
    ...deadLetters,
    ...(await findPendingWork(sources)),
    ...(await checkCalendar(sources)),
    ...(await checkMoney(sources)),
    ...(options.publicViews === false ? [] : await checkSearch(sources, options.searches ?? [])),
  ];
}
