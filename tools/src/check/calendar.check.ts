import type { Difference, Sources } from './difference.js';

interface Row {
  about: string;
  what: string;
}

/** Nights that are over stay in the spaces where they were when their listing is linked to others. */
const isHistory = (listingId: string, night: string) => `EXISTS (
  SELECT FROM calendar_listing l JOIN listing_snapshot r ON r.listing_id = l.public_id
  WHERE l.id = ${listingId} AND l.links_version > 0 AND ${night} < ($NOW::timestamptz AT TIME ZONE r.time_zone)::date)`;

/**
 * The calendar by itself and against the bookings and blocks it is made from, night by night. Written from the rules on
 * paper: it shares nothing with the code that keeps the calendar, and takes no help from its constraint.
 */
const rules: Record<string, string> = {
  // Two owners may not have one night of a space when either has it for a stay.
  'calendar.overlap': `
    SELECT format('space %s', a.space_id) AS about,
      format('%s of owner %s (%s) and %s of owner %s (%s) overlap', a.kind, a.owner_id, a.nights, b.kind, b.owner_id, b.nights) AS what
    FROM calendar_entry a JOIN calendar_entry b ON a.space_id = b.space_id AND a.owner_id < b.owner_id
    WHERE a.live AND b.live AND (a.kind = 'stay' OR b.kind = 'stay')
      AND lower(a.nights) < upper(b.nights) AND lower(b.nights) < upper(a.nights)`,

  // What is booked holds each of its nights in each space of its listing, and nothing else; a stay that was broken off
  // keeps the nights that had begun. Preparation lies right before and right after.
  'calendar.stay': `
    WITH stay AS (
      SELECT b.id, b.owner_id, b.calendar_listing_id AS listing_id, b.preparation_nights AS prep, b.check_in_date AS first,
        CASE WHEN b.state = 'cancelled' AND b.confirmed_at IS NULL THEN b.check_in_date WHEN b.state = 'cancelled' THEN (
          SELECT b.check_in_date + count(*)::int FROM generate_series(b.check_in_date, b.check_out_date - 1, '1 day') n
          WHERE (CASE WHEN n::date = b.check_in_date THEN b.check_in_at ELSE n::date::timestamp AT TIME ZONE b.time_zone END)
            <= (b.cancellation ->> 'at')::timestamptz)
        ELSE b.check_out_date END AS last
      FROM booking b WHERE b.state NOT IN ('declined', 'expired')),
    due AS (
      SELECT s.id, s.owner_id, p.space_id, x.kind, n::date AS night
      FROM stay s JOIN listing_space p ON p.listing_id = s.listing_id
      CROSS JOIN LATERAL (VALUES ('stay', s.first, s.last), ('prep', s.first - s.prep, s.first), ('prep', s.last, s.last + s.prep))
        AS x (kind, first, last)
      CROSS JOIN LATERAL generate_series(x.first, x.last - 1, '1 day') n WHERE s.first < s.last),
    has AS (
      SELECT b.id, e.owner_id, e.space_id, e.kind, n::date AS night
      FROM calendar_entry e JOIN booking b ON b.owner_id = e.owner_id
      CROSS JOIN LATERAL generate_series(lower(e.nights), upper(e.nights) - 1, '1 day') n
      WHERE e.live AND e.change_id IS NULL)
    SELECT format('booking %s', coalesce(due.id, has.id)) AS about,
      format('%s night %s in space %s is %s (the booking is %s)', coalesce(due.kind, has.kind), coalesce(due.night, has.night),
        coalesce(due.space_id, has.space_id), CASE WHEN due.id IS NULL THEN 'held without being due' ELSE 'due and not held' END,
        b.state) AS what
    FROM due FULL JOIN has USING (owner_id, space_id, kind, night)
    JOIN booking b ON b.id = coalesce(due.id, has.id)
    WHERE (due.id IS NULL OR has.id IS NULL) AND NOT ${isHistory('b.calendar_listing_id', 'night')}`,

  'calendar.block': `
    WITH due AS (
      SELECT k.id, k.owner_id, k.listing_id, s.space_id, n::date AS night FROM calendar_block k
      JOIN listing_space s ON s.listing_id = k.listing_id
      CROSS JOIN LATERAL generate_series(k.from_date, k.to_date - 1, '1 day') n),
    has AS (
      SELECT e.owner_id, e.listing_id, e.space_id, n::date AS night FROM calendar_entry e
      CROSS JOIN LATERAL generate_series(lower(e.nights), upper(e.nights) - 1, '1 day') n
      WHERE e.live AND e.kind = 'block')
    SELECT format('block %s', coalesce(due.id::text, 'of owner ' || has.owner_id)) AS about,
      format('night %s in space %s is %s', coalesce(due.night, has.night), coalesce(due.space_id, has.space_id),
        CASE WHEN due.id IS NULL THEN 'held without being due' ELSE 'due and not held' END) AS what
    FROM due FULL JOIN has USING (owner_id, listing_id, space_id, night)
    WHERE (due.id IS NULL OR has.owner_id IS NULL) AND NOT ${isHistory('coalesce(due.listing_id, has.listing_id)', 'night')}`,

  'calendar.nobody': `
    SELECT format('owner %s', e.owner_id) AS about,
      format('%s %s in space %s belongs to nobody', e.kind, e.nights, e.space_id) AS what
    FROM calendar_entry e
    WHERE NOT EXISTS (SELECT FROM booking b WHERE b.owner_id = e.owner_id)
      AND NOT EXISTS (SELECT FROM calendar_block k WHERE k.owner_id = e.owner_id)
      AND NOT EXISTS (SELECT FROM calendar_import i WHERE i.owner_id = e.owner_id)
      AND NOT EXISTS (SELECT FROM calendar_feed f WHERE f.owner_id = e.owner_id)`,

  // An open change that moves dates holds its own nights too; one that is closed holds none.
  'calendar.change': `
    WITH due AS (
      SELECT c.id, b.owner_id, p.space_id, n::date AS night
      FROM booking_change c JOIN booking b ON b.id = c.booking_id
      JOIN listing_space p ON p.listing_id = b.calendar_listing_id
      CROSS JOIN LATERAL generate_series(c.check_in_date, c.check_out_date - 1, '1 day') n
      WHERE c.holds_nights AND c.state IN ('proposed', 'awaiting_payment')),
    has AS (
      SELECT e.change_id, e.owner_id, e.space_id, n::date AS night FROM calendar_entry e
      CROSS JOIN LATERAL generate_series(lower(e.nights), upper(e.nights) - 1, '1 day') n
      WHERE e.live AND e.kind = 'stay')
    SELECT format('change %s', due.id) AS about, format('night %s in space %s is due and not held', night, space_id) AS what
    FROM due WHERE NOT EXISTS (SELECT FROM has WHERE (has.owner_id, has.space_id, has.night) = (due.owner_id, due.space_id, due.night))
    UNION ALL
    SELECT format('change %s', has.change_id), format('night %s in space %s is held without being due', night, space_id)
    FROM has WHERE change_id IS NOT NULL AND NOT EXISTS (SELECT FROM due
      WHERE (due.id, due.owner_id, due.space_id, due.night) = (has.change_id, has.owner_id, has.space_id, has.night))`,

  'booking.change': `
    SELECT format('booking %s', b.id) AS about,
      format('its open change is %s, and %s is open', coalesce(b.open_change_id::text, 'none'), coalesce(c.id::text, 'none')) AS what
    FROM booking b LEFT JOIN booking_change c ON c.booking_id = b.id AND c.state IN ('proposed', 'awaiting_payment')
    WHERE b.open_change_id IS DISTINCT FROM c.id
    UNION ALL
    SELECT format('change %s', id), format('it is %s, and ran out at %s', state, expires_at)
    FROM booking_change WHERE expires_at < $NOW::timestamptz - interval '1 minute'`,

  'booking.history': `
    SELECT format('booking %s', b.id) AS about,
      format('it is %s and version %s; its history ends with %s and version %s', b.state, b.version, h.to_state, h.version) AS what
    FROM booking b LEFT JOIN LATERAL (
      SELECT to_state, version FROM booking_history h WHERE h.booking_id = b.id ORDER BY id DESC LIMIT 1) h ON true
    WHERE h.to_state IS DISTINCT FROM b.state`,

  'booking.overdue': `
    SELECT format('booking %s', id) AS about, format('it is %s, and was due at %s', state, due_at) AS what
    FROM booking WHERE due_at < $NOW::timestamptz - interval '1 minute'`,

  'calendar.unannounced': `
    SELECT format('listing %s', l.public_id) AS about, 'its calendar has changed and was not announced' AS what
    FROM calendar_mark m JOIN calendar_listing l ON l.id = m.listing_id`,
};

export async function checkCalendar(sources: Sources): Promise<Difference[]> {
  const found: Difference[] = [];
  for (const [rule, text] of Object.entries(rules)) {
    const rows = await sources.query<Row>(
      'bookings',
      text.replaceAll('$NOW', `'${sources.now.toISOString()}'`),
    );
    found.push(...rows.map((row) => ({ rule, ...row })));
  }
  return found;
}
