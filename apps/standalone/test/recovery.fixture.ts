import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { postgresTools, runningSuperuser, startPostgres } from '@roost/embedded';
import { eventually, TestClient } from '@roost/testing';
import pg from 'pg';
import { expectAgreement } from './agreement.fixture.js';
import {
  type Env,
  freshEnvironment,
  freshFolder,
  isRunning,
  postgresPid,
  run,
  type Run,
} from './launcher.js';
import { type Booking, Marketplace, type Payment } from './marketplace.fixture.js';
import { Operator, replayOntoFullTables } from './operator.fixture.js';

const TIMEOUT = { seconds: 300 };
const GOODWILL_MINOR = 1_000;

interface Difference {
  kind: string;
  paymentId: string | null;
  providerRef: string | null;
}

interface Stay {
  booking: Booking;
  payment: Payment;
}

/** What the provider did for bookings after the instant of the restore. */
interface After {
  transferId: string;
  lostIntentId: string;
}

/**
 * One installation that is backed up, goes on, loses its data folder, and is restored to an instant. The provider is another
 * company, so its database is saved before the loss and put back.
 */
export class RecoveryDrill {
  readonly figures: Record<string, string> = {};
  private readonly backups = freshFolder();
  private readonly safe = freshFolder();
  private env: Env = {};
  private process: Run | null = null;
  private operator!: Operator;
  private market!: Marketplace;
  private stays!: { paidOut: Stay; refunded: Stay; unpaid: Stay };
  private after!: After;
  private instant!: Date;

  /** `main`: the program that runs Roost. */
  constructor(private readonly main: string | undefined) {}

  async start(): Promise<void> {
    this.env = {
      ...(await freshEnvironment()),
      BACKUP_DIR: this.backups,
      RATE_LIMIT_PER_MINUTE: '0',
      PAYMENT_CHECK_SECONDS: '1',
      // The payment that is made after the instant is found before its hold ends.
      HOLD_TTL_MINUTES: '60',
    };
    await this.launch();
    this.market = await Marketplace.prepare(this.gateway);
    const account = { provider: 'sandbox', currency: 'EUR', reference: `acct_${randomUUID().slice(0, 8)}` };
    expect((await this.market.host.put('/v1/me/payout-account', account)).status).toBe(200);
    await this.write('payments', `UPDATE payout_account SET usable_at = now() - interval '1 hour'`);
    this.stays = {
      paidOut: await this.market.bookAndPay(),
      refunded: await this.market.bookAndPay(),
      unpaid: await this.market.book(),
    };
  }

  /** A full backup, more work, an incremental one, and the instant to which everything will be restored. */
  async backUp(): Promise<void> {
    await this.command('backup', 'keys', join(this.safe, 'keys.json'));
    await this.command('backup', 'run');
    await this.market.bookAndPay();
    await this.command('backup', 'run');
    await this.command('backup', 'verify');
    await this.market.bookAndPay();
    await this.numbered();
    const [row] = await this.operator.query<{ now: Date }>('payments', 'SELECT clock_timestamp() AS now');
    this.instant = row?.now ?? new Date();
  }

  /** A payment, a refund, a payout, and a new booking. The backup has none of them. */
  async goOn(): Promise<void> {
    const { market, operator, stays } = this;
    expect((await market.confirm(stays.unpaid.payment.id, 'pm_card_visa')).status).toBe(200);
    await market.becomes(stays.unpaid.booking.id, 'confirmed');
    await market.admin.post(`/v1/admin/payments/${stays.refunded.payment.id}/refunds`, {
      amountMinor: GOODWILL_MINOR,
      reason: 'A complaint',
    });
    const lost = await market.bookAndPay();
    await this.makeDue(stays.paidOut.booking.id);
    await eventually(async () => {
      const paid = await operator.query('payments', `SELECT 1 FROM payout WHERE status = 'paid'`);
      const refunds = await operator.query('payments', `SELECT 1 FROM refund WHERE status = 'succeeded'`);
      expect([paid.length, refunds.length]).toEqual([1, 1]);
    }, TIMEOUT);
    const [transfer] = await operator.query<{ id: string }>('sandbox', 'SELECT id FROM transfer');
    const [intent] = await operator.query<{ id: string }>(
      'sandbox',
      `SELECT id FROM intent WHERE metadata ->> 'paymentId' = $1`,
      [lost.payment.id],
    );
    this.after = { transferId: transfer?.id ?? '', lostIntentId: intent?.id ?? '' };
  }

  /** The process is killed, and its data folder is gone. */
  async lose(): Promise<void> {
    const dataDir = this.env.ROOST_DATA_DIR ?? '';
    await this.untilArchived();
    await this.dumpProvider();
    const postgres = postgresPid(this.env);
    await this.process?.ends('SIGKILL');
    await eventually(() => expect(isRunning(postgres)).toBe(false), TIMEOUT);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }

  async restore(): Promise<void> {
    const into = join(freshFolder(), 'data');
    const restored = await this.operator.json<{ restoredTo: string; lastTransaction: string }>(
      ...['restore', 'run', '--to', this.instant.toISOString(), '--into', into],
      ...['--keys', join(this.safe, 'keys.json')],
    );
    expect(restored.restoredTo).toBe(this.instant.toISOString());
    expect(Date.parse(restored.lastTransaction)).toBeLessThanOrEqual(this.instant.getTime());
    this.env.ROOST_DATA_DIR = into;
    await this.putProviderBack();
    await this.launch();
  }

  /** Everything is as it was, except what the provider knows. */
  async expectBooksOfTheInstant(): Promise<void> {
    const { market, operator, stays } = this;
    await this.command('ledger', 'check');
    expect(await operator.query('payments', 'SELECT 1 FROM refund')).toEqual([]);
    expect(await operator.query('payments', 'SELECT 1 FROM payout')).toEqual([]);
    for (const { booking } of [stays.paidOut, stays.refunded]) await market.becomes(booking.id, 'confirmed');
    // The sweeper has asked the provider.
    await market.becomes(stays.unpaid.booking.id, 'confirmed');
  }

  /** The payout that was lost is due here, and is not paid again. */
  async expectNoSecondPayout(): Promise<void> {
    await this.makeDue(this.stays.paidOut.booking.id);
    const { body } = await this.market.host.get<{ data: { reason: string; amountMinor: number }[] }>(
      '/v1/me/payouts?status=upcoming',
    );
    expect(body.data.map(({ reason }) => reason)).toContain('reconciliation_pending');
    expect(await this.operator.json('restore', 'status')).toMatchObject([{ endedAt: null }]);
  }

  /** Every lost movement is reported. */
  async expectDifferences(): Promise<void> {
    const { code, out } = await this.operator.roost('reconcile', 'run', '--json');
    const { differences } = JSON.parse(out) as { differences: Difference[] };
    expect(code).toBe(1);
    expect(differences.map(({ kind }) => kind).sort()).toEqual([
      'payout.unknown_transfer',
      'provider.amount_differs',
      'provider.unknown_payment',
    ]);
    const of = (kind: string) => differences.find((each) => each.kind === kind);
    expect(of('payout.unknown_transfer')?.providerRef).toBe(this.after.transferId);
    expect(of('provider.amount_differs')?.paymentId).toBe(this.stays.refunded.payment.id);
    expect(of('provider.unknown_payment')?.providerRef).toBe(this.after.lostIntentId);
  }

  /** What the provider did is entered, and the charge of the booking that is gone is refunded at the provider. */
  async repair(): Promise<void> {
    const adopted = await this.operator.json<{ kind: string; result: string }[]>(
      'reconcile',
      'adopt',
      '--yes',
    );
    expect(adopted.map(({ kind, result }) => `${kind} ${result}`).sort()).toEqual([
      'refund entered',
      'transfer entered',
    ]);
    await this.refundAtProvider(this.after.lostIntentId);
    await expectAgreement(this.operator);
    await this.command('ledger', 'check');
    expect(await this.operator.json('restore', 'status')).toMatchObject([{ endedAt: expect.any(String) }]);
  }

  /** Payouts run again, and pay what is due and not what was paid. */
  async expectNothingTwice(): Promise<void> {
    const { operator, stays } = this;
    await this.makeDue(stays.paidOut.booking.id);
    await this.makeDue(stays.unpaid.booking.id);
    await eventually(async () => {
      const paid = await operator.query<{ booking: string }>(
        'payments',
        `SELECT l.booking_id AS booking FROM payout p JOIN payout_line l ON l.payout_id = p.id
         WHERE p.status = 'paid' ORDER BY p.finished_at`,
      );
      expect(paid.map(({ booking }) => booking)).toEqual([stays.paidOut.booking.id, stays.unpaid.booking.id]);
    }, TIMEOUT);
    expect(await operator.query('sandbox', 'SELECT 1 FROM transfer')).toHaveLength(2);
    const charges = await operator.query(
      'sandbox',
      `SELECT intent_id FROM book_entry WHERE kind = 'charge' GROUP BY 1 HAVING count(*) > 1`,
    );
    expect(charges).toEqual([]);
  }

  /** New work succeeds, papers do not use a number that a lost one may have, and no event is handled twice. */
  async expectNewWork(): Promise<void> {
    const { payment } = await this.market.bookAndPay();
    await this.numbered();
    const [paper] = await this.operator.query<{ number: string }>(
      'payments',
      `SELECT number FROM paper WHERE payment_id = $1`,
      [payment.id],
    );
    expect(Number(paper?.number)).toBeGreaterThan(1_000);
    await replayOntoFullTables(this.operator);
    await expectAgreement(this.operator);
    const backup = await this.operator.json<{ kind: string }>('backup', 'run', '--full');
    expect(backup.kind).toBe('full');
  }

  async measured(what: string, work: () => Promise<void>): Promise<void> {
    const started = performance.now();
    await work();
    this.figures[what] = `${((performance.now() - started) / 1000).toFixed(1)} s`;
  }

  close(): void {
    (this.operator as Operator | undefined)?.stop();
  }

  private async launch(): Promise<void> {
    this.env.PUBLIC_URL = `http://127.0.0.1:${this.env.PORT}`;
    (this.operator as Operator | undefined)?.stop();
    this.operator = new Operator(this.env);
    this.process = run(this.env, this.main);
    await this.process.prints(/Roost is ready|Ctrl-C stops everything\./);
  }

  private get gateway(): TestClient {
    return new TestClient(`http://127.0.0.1:${this.env.PORT}`);
  }

  private async command(...args: string[]): Promise<void> {
    const { code, out, err } = await this.operator.roost(...args);
    expect({ args, code, said: code === 0 ? '' : out + err }).toEqual({ args, code: 0, said: '' });
  }

  /** The stay began long ago. */
  private async makeDue(bookingId: string): Promise<void> {
    await this.write(
      'payments',
      `UPDATE payout_booking SET first_due_at = now() - interval '1 hour', check_at = now() WHERE booking_id = '${bookingId}'`,
    );
  }

  /** Every receipt has its number. */
  private async numbered(): Promise<void> {
    await eventually(async () => {
      expect(await this.operator.query('payments', 'SELECT 1 FROM paper WHERE number IS NULL')).toEqual([]);
    }, TIMEOUT);
  }

  private async write(service: string, sql: string): Promise<void> {
    await this.operator.query(service, sql);
  }

  private get superuser() {
    const found = runningSuperuser(join(this.env.ROOST_DATA_DIR ?? '', 'postgres'));
    if (!found) throw new Error('PostgreSQL does not run');
    return found;
  }

  /** As after `archive_timeout`. */
  private async untilArchived(): Promise<void> {
    const client = new pg.Client({ ...this.superuser, database: 'postgres' });
    await client.connect();
    try {
      const { rows } = await client.query<{ name: string }>(
        'SELECT pg_walfile_name(pg_switch_wal() - 1) AS name',
      );
      await eventually(async () => {
        const archived = await client.query('SELECT 1 FROM pg_stat_archiver WHERE last_archived_wal >= $1', [
          rows[0]?.name,
        ]);
        expect(archived.rowCount).toBe(1);
      }, TIMEOUT);
    } finally {
      await client.end();
    }
  }

  private async dumpProvider(): Promise<void> {
    const { host, port, user, password } = this.superuser;
    const tools = await postgresTools();
    const from = ['--host', host, '--port', String(port), '--username', user, '--dbname', 'roost_sandbox'];
    await tools.run('pg_dump', [...from, '--format', 'custom', '--file', join(this.safe, 'provider')], {
      password,
    });
  }

  private async putProviderBack(): Promise<void> {
    const folder = join(this.env.ROOST_DATA_DIR ?? '', 'postgres');
    const postgres = await startPostgres({ dataDir: folder });
    try {
      const client = new pg.Client({ connectionString: postgres.url('postgres') });
      await client.connect();
      await client.query('DROP DATABASE roost_sandbox');
      await client.query('CREATE DATABASE roost_sandbox');
      await client.end();
      const tools = await postgresTools();
      await tools.run('pg_restore', [
        ...['--no-owner', '--exit-on-error', '--dbname', postgres.url('roost_sandbox')],
        join(this.safe, 'provider'),
      ]);
    } finally {
      await postgres.stop();
    }
  }

  /** As in its dashboard. */
  private async refundAtProvider(intentId: string): Promise<void> {
    const url = this.env.SANDBOX_URL ?? '';
    const found = (await (await fetch(`${url}/v1/payment-intents/${intentId}`)).json()) as {
      capturedMinor: number;
    };
    const response = await fetch(`${url}/v1/refunds`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      body: JSON.stringify({ intentId, amountMinor: found.capturedMinor }),
    });
    expect(response.status).toBeLessThan(300);
  }
}
