import { captureStatements } from '@roost/testing';

/** The SQL statements about bookings during `work`: the transaction that inserts the booking, and those beside it. */
export async function bookingStatements(work: () => Promise<void>): Promise<string[]> {
  const statements = await captureStatements(work);
  const isInsert = (text: string) => text.includes('INSERT INTO booking');
  const client = statements.find(({ text }) => isInsert(text))?.client;
  const texts = statements.filter((each) => each.client === client).map(({ text }) => text);
  const insert = texts.findIndex(isInsert);
  const begin = texts.findLastIndex((text, index) => index < insert && /^(begin|start)/i.test(text));
  const commit = texts.findIndex((text, index) => index > insert && /^commit/i.test(text));
  const others = statements.filter(
    (each) =>
      each.client !== client &&
      /idempotency_key|quote|listing_snapshot|INTO booking/.test(each.text) &&
      // The publisher of the calendar and the poller of the feeds run at the same time.
      !/calendar_mark|occupied|calendar_feed/.test(each.text),
  );
  return [...texts.slice(begin, commit + 1), ...others.map(({ text }) => text)];
}
