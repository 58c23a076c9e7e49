import type { ClientBase } from 'pg';
import { type Call, type Command, OperatorError, type Row } from '../command.js';
import { findSystem, LOCATION, withDatabases } from '../system.js';

export const command: Command = {
  summary: 'The double-entry ledger of payments.',
  actions: {
    check: {
      summary:
        'Checks that each transaction sums to zero in its currency, that the database rejects changes and deletions, and that payments and movements agree. Exit code 1 if not.',
      options: LOCATION,
      run: check,
    },
    balances: {
      summary: 'The balance of each kind of account, by currency: debits less credits.',
      options: LOCATION,
      run: async (call) => {
        await withLedger(call, async (client) => {
          const found = await balances(client);
          call.out.result(found, found);
        });
      },
    },
  },
};

async function withLedger({ options }: Call, work: (client: ClientBase) => Promise<void>): Promise<void> {
  await withDatabases(findSystem(options), ['payments'], async (databases) => {
    const client = databases.get('payments');
    if (client) await work(client);
  });
}

interface Finding {
  check: string;
  checked: number;
  wrong: number;
  example: string | null;
}

/**
 * Written independently, on the tables alone: it shares no code with payments, whose own check is `roost reconcile`. One
 * snapshot, so that concurrent writes are not reported as differences.
 */
async function check(call: Call): Promise<void> {
  await withLedger(call, async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const findings: Finding[] = [];
    for (const [name, sql] of QUERIES) {
      const { rows } = await client.query<{ checked: string; wrong: string; example: string | null }>(sql);
      findings.push({
        check: name,
        checked: Number(rows[0]?.checked ?? 0),
        wrong: Number(rows[0]?.wrong ?? 0),
        example: rows[0]?.example ?? null,
      });
    }
    findings.push(...(await rejectedChanges(client)));
    const sums = await balances(client);
    await client.query('ROLLBACK');
    const wrong = findings.filter((finding) => finding.wrong > 0);
    call.out.result(
      { sound: wrong.length === 0, findings, balances: sums },
      findings.map(({ check: name, checked, wrong: bad, example }): Row => ({
        check: name,
        checked,
        wrong: bad,
        example,
      })),
    );
    if (wrong.length > 0)
      throw new OperatorError(`The ledger is not sound: ${wrong.map((it) => it.check).join(', ')}.`);
  });
}

/** Every entry of the ledger: a movement debits one account and credits another. */
const ENTRY = `
  entry AS (
    SELECT m.key, a.currency, m.amount_minor AS amount FROM movement m JOIN ledger_account a ON a.id = m.debit_id
    UNION ALL
    SELECT m.key, a.currency, -m.amount_minor FROM movement m JOIN ledger_account a ON a.id = m.credit_id)`;

const QUERIES: readonly [name: string, sql: string][] = [
  [
    'each transaction sums to zero in each currency',
    `WITH ${ENTRY}, total AS (SELECT key, currency, sum(amount) AS net FROM entry GROUP BY key, currency)
     SELECT count(*) AS checked, count(*) FILTER (WHERE net <> 0) AS wrong, min(key) FILTER (WHERE net <> 0) AS example FROM total`,
  ],
  [
    'both accounts of a movement have its currency',
    `SELECT count(*) AS checked, count(*) FILTER (WHERE bad) AS wrong, min(key) FILTER (WHERE bad) AS example FROM (
       SELECT m.key, d.currency IS DISTINCT FROM m.currency OR c.currency IS DISTINCT FROM m.currency AS bad
       FROM movement m LEFT JOIN ledger_account d ON d.id = m.debit_id LEFT JOIN ledger_account c ON c.id = m.credit_id) it`,
  ],
  [
    'amounts are positive, and no account moves to itself',
    `SELECT count(*) AS checked, count(*) FILTER (WHERE bad) AS wrong, min(key) FILTER (WHERE bad) AS example FROM (
       SELECT key, amount_minor <= 0 OR debit_id = credit_id AS bad FROM movement) it`,
  ],
  [
    'no movement of a transaction is missing between others',
    `SELECT count(*) AS checked, count(*) FILTER (WHERE bad) AS wrong, min(key) FILTER (WHERE bad) AS example FROM (
       SELECT key, min(leg) <> 1 OR max(leg) <> count(*) AS bad FROM movement GROUP BY key) it`,
  ],
  [
    'the captured amount of a payment equals its movements in the ledger',
    ofPayments(
      'captured_minor',
      `CASE WHEN d.code = 'provider_clearing' AND c.code NOT IN ('dispute_reserve', 'refunds') THEN amount_minor ELSE 0 END`,
    ),
  ],
  [
    'the refunded amount of a payment equals its movements in the ledger',
    ofPayments(
      'refunded_minor',
      `CASE WHEN c.code IN ('provider_clearing', 'platform_bank') AND d.code <> 'dispute_reserve' THEN amount_minor
        WHEN d.code = 'provider_clearing' AND c.code = 'refunds' THEN -amount_minor ELSE 0 END`,
    ),
  ],
  [
    'no payment refunded and lost more than it captured',
    `SELECT count(*) AS checked, count(*) FILTER (WHERE bad) AS wrong, min(id) FILTER (WHERE bad) AS example FROM (
       SELECT id::text, refunded_minor + dispute_lost_minor > captured_minor AS bad FROM payment) it`,
  ],
  [
    'the reserve holds the amounts of the open disputes',
    `WITH posted AS (
       SELECT m.payment_id, sum(CASE WHEN d.code = 'dispute_reserve' THEN amount_minor ELSE -amount_minor END) AS minor
       FROM movement m JOIN ledger_account d ON d.id = m.debit_id JOIN ledger_account c ON c.id = m.credit_id
       WHERE 'dispute_reserve' IN (d.code, c.code) GROUP BY m.payment_id),
     open AS (
       SELECT payment_id, coalesce(sum(amount_minor) FILTER (WHERE closed_at IS NULL), 0) AS minor
       FROM dispute GROUP BY payment_id)
     SELECT count(*) AS checked, count(*) FILTER (WHERE bad) AS wrong, min(id) FILTER (WHERE bad) AS example FROM (
       SELECT p.id::text AS id, coalesce(posted.minor, 0) <> coalesce(open.minor, 0) AS bad FROM payment p
       LEFT JOIN posted ON posted.payment_id = p.id LEFT JOIN open ON open.payment_id = p.id) it`,
  ],
];

function ofPayments(column: string, amount: string): string {
  return `
    WITH posted AS (
      SELECT m.payment_id, sum(${amount}) AS minor FROM movement m
      JOIN ledger_account d ON d.id = m.debit_id JOIN ledger_account c ON c.id = m.credit_id GROUP BY m.payment_id)
    SELECT count(*) AS checked, count(*) FILTER (WHERE bad) AS wrong, min(id::text) FILTER (WHERE bad) AS example FROM (
      SELECT p.id, p.${column} <> coalesce(l.minor, 0) AS bad FROM payment p LEFT JOIN posted l ON l.payment_id = p.id) it`;
}

/**
 * Tries statements that the database must reject, in a transaction that is always rolled back. Not TRUNCATE: it would lock
 * the ledger before it is rejected, so its trigger is checked instead.
 */
async function rejectedChanges(client: ClientBase): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const table of ['movement', 'ledger_account']) {
    const found = async (sql: string) => (await client.query<{ n: string }>(sql)).rows[0]?.n;
    const checked = Number(await found(`SELECT count(*) AS n FROM ${table}`));
    const report = (what: string, accepted: boolean) =>
      findings.push({
        check: `${what} of ${table} is rejected`,
        checked,
        wrong: accepted ? 1 : 0,
        example: null,
      });
    for (const [what, sql] of [
      ['UPDATE', `UPDATE ${table} SET currency = currency`],
      ['DELETE', `DELETE FROM ${table}`],
    ] as const) {
      await client.query('SAVEPOINT attempt');
      const accepted = await client.query(sql).then(
        ({ rowCount }) => rowCount !== 0,
        () => false,
      );
      await client.query('ROLLBACK TO attempt');
      report(what, accepted);
    }
    const ALWAYS_ON_TRUNCATE = `tgenabled = 'A' AND tgtype & 32 = 32 AND tgtype & 2 = 2`;
    const guards = await found(
      `SELECT count(*) AS n FROM pg_trigger WHERE tgrelid = '${table}'::regclass AND ${ALWAYS_ON_TRUNCATE}`,
    );
    report('TRUNCATE', Number(guards) === 0);
  }
  return findings;
}

async function balances(client: ClientBase) {
  const { rows } = await client.query<{
    account: string;
    currency: string;
    accounts: string;
    balance_minor: string;
  }>(
    `SELECT a.code AS account, a.currency, count(DISTINCT a.id) AS accounts, coalesce(sum(e.amount), 0) AS balance_minor
     FROM ledger_account a LEFT JOIN (
       SELECT debit_id AS id, amount_minor AS amount FROM movement
       UNION ALL SELECT credit_id, -amount_minor FROM movement) e ON e.id = a.id
     GROUP BY a.code, a.currency ORDER BY a.currency, a.code`,
  );
  return rows.map(({ account, currency, accounts, balance_minor }) => ({
    account,
    currency,
    accounts: Number(accounts),
    balanceMinor: Number(balance_minor),
  }));
}
