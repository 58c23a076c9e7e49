/**
 * The floor of the postings: the bare INSERT of the same four rows, with `pg`, as one prepared statement and one round
 * trip. It knows the ids of the accounts, creates none, and has no transaction around the statement.
 */
import pg from 'pg';
import { serveWork } from '../harness/work-server.js';
import { allParties, CURRENCY, idOf, partiesOf, SPLIT, TOTAL_MINOR } from '../payments-data.js';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 10 });

const owners = new Set(
  allParties().flatMap(({ guestId, hostId }) => [`guest ${guestId}`, `host_payable ${hostId}`]),
);
for (const owner of [...owners, 'provider_clearing', 'platform_revenue', 'tax_payable']) {
  const [code, ownerId = null] = owner.split(' ');
  await pool.query('INSERT INTO ledger_account (code, owner_id, currency) VALUES ($1, $2, $3)', [
    code,
    ownerId,
    CURRENCY,
  ]);
}
const { rows } = await pool.query<{ id: string; name: string }>(
  `SELECT id, concat_ws(' ', code, owner_id) AS name FROM ledger_account`,
);
const ids = new Map(rows.map(({ id, name }) => [name, id]));

const values = [1, 2, 3, 4].map(
  (leg) => `($1, ${leg}, $${leg * 3 + 3}, $${leg * 3 + 4}, $2, $${leg * 3 + 5}, $3, $4, $5)`,
);
const INSERT = `
  INSERT INTO movement (key, leg, debit_id, credit_id, currency, amount_minor, payment_id, booking_id, occurred_at)
  VALUES ${values.join(', ')}`;

await serveWork(async (number) => {
  const { guestId, hostId } = partiesOf(number);
  const id = idOf(`payment ${number}`);
  const guest = ids.get(`guest ${guestId}`);
  const legs = [
    [ids.get('provider_clearing'), guest, TOTAL_MINOR],
    [guest, ids.get(`host_payable ${hostId}`), SPLIT.hostMinor],
    [guest, ids.get('platform_revenue'), SPLIT.platformMinor],
    [guest, ids.get('tax_payable'), SPLIT.taxMinor],
  ];
  const parameters = [`capture:${id}`, CURRENCY, id, id, new Date(), ...legs.flat()];
  await pool.query({ name: 'insert', text: INSERT, values: parameters });
});
