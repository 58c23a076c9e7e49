import { DIRTY_CALENDAR_TABLE, type Difference, type Sources } from './difference.js';

interface Row {
  subject: string;
  description: string;
}

/** Past nights stay in the spaces of their time when a listing is linked to other listings later. */
const isHistory = (listingId: string, night: string) => `EXISTS (
  SELECT FROM calendar_listing l JOIN listing_snapshot r ON r.listing_id = l.public_id
  WHERE l.id = ${listingId} AND l.links_version > 0 AND ${night} < ($NOW::timestamptz AT TIME ZONE r.time_zone)::date)`;

/**
 * The consistency of the calendar and its agreement with bookings and blocks, per night. The rules follow the
 * specification: they share no code with the calendar, and do not rely on its constraint.
 */
const rules: Record<string, string> = {
  // Two owners must not have the same night of a space when one of them has a stay.
  'calendar.overlap': `
    SELECT format('space %s', a.space_id) AS subject,
      format('%s of owner %s (%s) and %s of owner %s (%s) overlap', a.kind, a.owner_id, a.nights, b.kind, b.owner_id, b.nights) AS description
    FROM calendar_entry a JOIN calendar_entry b ON a.space_id = b.space_id AND a.owner_id < b.owner_id
    WHERE a.live AND b.live AND (a.kind = 'stay' OR b.kind = 'stay')
      AND lower(a.nights) < upper(b.nights) AND lower(b.nights) < upper(a.nights)`,

  // A booking holds each of its nights in each space of its listing, and no other night. A booking that is cancelled
  // during its stay keeps the nights that have begun. Preparation nights directly precede and follow the stay.
  'calendar.stay': `
    WITH stay AS (
      SELECT b.id, b.owner_id, b.calendar_listing_id AS listing_id, b.preparation_nights, b.check_in_date AS first_night,
        CASE WHEN b.state = 'cancelled' AND b.confirmed_at IS NULL THEN b.check_in_date WHEN b.state = 'cancelled' THEN (
          SELECT b.check_in_date + count(*)::int FROM generate_series(b.check_in_date, b.check_out_date - 1, '1 day') n
          WHERE (CASE WHEN n::date = b.check_in_date THEN b.check_in_at ELSE n::date::timestamp AT TIME ZONE b.time_zone END)
            <= (b.cancellation ->> 'at')::timestamptz)
        ELSE b.check_out_date END AS end_date
      FROM booking b WHERE b.state NOT IN ('declined', 'expired')),
    expected AS (
      SELECT s.id, s.owner_id, p.space_id, x.kind, n::date AS night
      FROM stay s JOIN listing_space p ON p.listing_id = s.listing_id
      CROSS JOIN LATERAL (VALUES ('stay', s.first_night, s.end_date),
        ('prep', s.first_night - s.preparation_nights, s.first_night),
        ('prep', s.end_date, s.end_date + s.preparation_nights)) AS x (kind, first_night, end_date)
      CROSS JOIN LATERAL generate_series(x.first_night, x.end_date - 1, '1 day') n WHERE s.first_night < s.end_date),
    actual AS (
      SELECT b.id, e.owner_id, e.space_id, e.kind, n::date AS night
      FROM calendar_entry e JOIN booking b ON b.owner_id = e.owner_id
      CROSS JOIN LATERAL generate_series(lower(e.nights), upper(e.nights) - 1, '1 day') n
      WHERE e.live AND e.change_id IS NULL)
    SELECT format('booking %s', coalesce(expected.id, actual.id)) AS subject,
      format('%s night %s in space %s is %s (the booking is %s)', coalesce(expected.kind, actual.kind),
        coalesce(expected.night, actual.night), coalesce(expected.space_id, actual.space_id),
        CASE WHEN expected.id IS NULL THEN 'held and not expected' ELSE 'expected and not held' END, b.state) AS description
    FROM expected FULL JOIN actual USING (owner_id, space_id, kind, night)
    JOIN booking b ON b.id = coalesce(expected.id, actual.id)
    WHERE (expected.id IS NULL OR actual.id IS NULL) AND NOT ${isHistory('b.calendar_listing_id', 'night')}`,

  'calendar.block': `
    WITH expected AS (
      SELECT k.id, k.owner_id, k.listing_id, s.space_id, n::date AS night FROM calendar_block k
      JOIN listing_space s ON s.listing_id = k.listing_id
      CROSS JOIN LATERAL generate_series(k.from_date, k.to_date - 1, '1 day') n),
    actual AS (
      SELECT e.owner_id, e.listing_id, e.space_id, n::date AS night FROM calendar_entry e
      CROSS JOIN LATERAL generate_series(lower(e.nights), upper(e.nights) - 1, '1 day') n
      WHERE e.live AND e.kind = 'block')
    SELECT format('block %s', coalesce(expected.id::text, 'of owner ' || actual.owner_id)) AS subject,
      format('night %s in space %s is %s', coalesce(expected.night, actual.night), coalesce(expected.space_id, actual.space_id),
        CASE WHEN expected.id IS NULL THEN 'held and not expected' ELSE 'expected and not held' END) AS description
    FROM expected FULL JOIN actual USING (owner_id, listing_id, space_id, night)
    WHERE (expected.id IS NULL OR actual.owner_id IS NULL)
      AND NOT ${isHistory('coalesce(expected.listing_id, actual.listing_id)', 'night')}`,

  'calendar.no_owner': `
    SELECT format('owner %s', e.owner_id) AS subject,
      format('%s %s in space %s has no existing owner', e.kind, e.nights, e.space_id) AS description
    FROM calendar_entry e
    WHERE NOT EXISTS (SELECT FROM booking b WHERE b.owner_id = e.owner_id)
      AND NOT EXISTS (SELECT FROM calendar_block k WHERE k.owner_id = e.owner_id)
      AND NOT EXISTS (SELECT FROM calendar_import i WHERE i.owner_id = e.owner_id)
      AND NOT EXISTS (SELECT FROM calendar_feed f WHERE f.owner_id = e.owner_id)`,

  // An open change that moves dates holds its own nights as well; a closed change holds none.
  'calendar.change': `
    WITH expected AS (
      SELECT c.id, b.owner_id, p.space_id, n::date AS night
      FROM booking_change c JOIN booking b ON b.id = c.booking_id
      JOIN listing_space p ON p.listing_id = b.calendar_listing_id
      CROSS JOIN LATERAL generate_series(c.check_in_date, c.check_out_date - 1, '1 day') n
      WHERE c.holds_nights AND c.state IN ('proposed', 'awaiting_payment')),
    actual AS (
      SELECT e.change_id, e.owner_id, e.space_id, n::date AS night FROM calendar_entry e
      CROSS JOIN LATERAL generate_series(lower(e.nights), upper(e.nights) - 1, '1 day') n
      WHERE e.live AND e.kind = 'stay')
    SELECT format('change %s', expected.id) AS subject,
      format('night %s in space %s is expected and not held', night, space_id) AS description
    FROM expected WHERE NOT EXISTS (SELECT FROM actual
      WHERE (actual.owner_id, actual.space_id, actual.night) = (expected.owner_id, expected.space_id, expected.night))
    UNION ALL
    SELECT format('change %s', actual.change_id), format('night %s in space %s is held and not expected', night, space_id)
    FROM actual WHERE change_id IS NOT NULL AND NOT EXISTS (SELECT FROM expected
      WHERE (expected.id, expected.owner_id, expected.space_id, expected.night)
        = (actual.change_id, actual.owner_id, actual.space_id, actual.night))`,

  'booking.change': `
    SELECT format('booking %s', b.id) AS subject,
      format('it refers to the open change %s; the open change is %s', coalesce(b.open_change_id::text, 'none'),
        coalesce(c.id::text, 'none')) AS description
    FROM booking b LEFT JOIN booking_change c ON c.booking_id = b.id AND c.state IN ('proposed', 'awaiting_payment')
    WHERE b.open_change_id IS DISTINCT FROM c.id
    UNION ALL
    SELECT format('change %s', id), format('it is %s and expired at %s', state, expires_at)
    FROM booking_change WHERE expires_at < $NOW::timestamptz - interval '1 minute'`,

  'booking.history': `
    SELECT format('booking %s', b.id) AS subject,
      format('it is %s with version %s; its history ends with %s and version %s', b.state, b.version, h.to_state, h.version) AS description
    FROM booking b LEFT JOIN LATERAL (
      SELECT to_state, version FROM booking_history h WHERE h.booking_id = b.id ORDER BY id DESC LIMIT 1) h ON true
    WHERE h.to_state IS DISTINCT FROM b.state`,

  'booking.overdue': `
    SELECT format('booking %s', id) AS subject, format('it is %s and was due at %s', state, due_at) AS description
    FROM booking WHERE due_at < $NOW::timestamptz - interval '1 minute'`,

  'calendar.unpublished': `
    SELECT format('listing %s', l.public_id) AS subject, 'its calendar has changed and is not published' AS description
    FROM ${DIRTY_CALENDAR_TABLE} d JOIN calendar_listing l ON l.id = d.listing_id`,
};

export async function checkCalendar(sources: Sources): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const [rule, text] of Object.entries(rules)) {
    const rows = await sources.query<Row>(
      'bookings',
      text.replaceAll('$NOW', `'${sources.now.toISOString()}'`),
    );
    differences.push(...rows.map((row) => ({ rule, ...row })));
  }
  return differences;
}
