import { checkCalendar } from './calendar.check.js';
import type { Database, Difference, Sources } from './difference.js';
import { checkMoney } from './money.check.js';
import { checkSearch, type Stay } from './search.check.js';

/** Work that is still on its way: the check is about what is left once nothing is. */
const UNDER_WAY: readonly [Database, string, string][] = [
  [
    'payments',
    'operation',
    `SELECT id::text AS about, kind AS what FROM payment_operation WHERE status = 'pending'`,
  ],
  ['payments', 'webhook', `SELECT id AS about, type AS what FROM webhook_event WHERE handled_at IS NULL`],
  [
    'sandbox',
    'webhook',
    `SELECT id AS about, type AS what FROM webhook_event WHERE delivered_at IS NULL AND NOT lost`,
  ],
  ['bookings', 'announcement', `SELECT listing_id::text AS about, 'calendar' AS what FROM calendar_mark`],
  ...(['bookings', 'listings', 'payments'] as const).map((database): [Database, string, string] => [
    database,
    'event',
    `SELECT e.id::text AS about, e.type AS what FROM outbox_event e
     WHERE EXISTS (SELECT FROM outbox_cursor c WHERE (e.xid, e.id) > (c.xid, c.id)) LIMIT 20`,
  ]),
];

const DEAD_LETTERS = `SELECT event_id::text AS about, format('%s: %s %s', type, coalesce(code, 'waits'), coalesce(detail, '')) AS what FROM dead_letter`;

interface Row {
  about: string;
  what: string;
}

/** What has been begun and is not done: empty when Roost is quiet. */
export async function underWay(sources: Pick<Sources, 'query'>): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const [database, what, text] of UNDER_WAY) {
    const rows = await sources.query<Row>(database, text);
    found.push(...rows.map((row) => ({ rule: `under_way.${what}`, ...row })));
  }
  return found;
}

/**
 * Whether calendar, bookings, search, payments, refunds, the provider's books and the ledger agree, read past the
 * services by rules of its own. Empty: they do. `shown: false` leaves out what guests are shown. Meant for a quiet Roost: what is under way shows up as a difference.
 */
export async function checkAgreement(
  sources: Sources,
  options: { stays?: readonly Stay[]; shown?: boolean } = {},
): Promise<Difference[]> {
  const parked: Difference[] = [];
  for (const database of ['bookings', 'listings', 'payments'] as const) {
    const rows = await sources.query<Row>(database, DEAD_LETTERS);
    parked.push(...rows.map((row) => ({ rule: `parked.${database}`, ...row })));
  }
  return [
    ...parked,
    ...(await underWay(sources)),
    ...(await checkCalendar(sources)),
    ...(await checkMoney(sources)),
    ...(options.shown === false ? [] : await checkSearch(sources, options.stays ?? [])),
  ];
}
