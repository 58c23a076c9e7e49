import { randomUUID } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from '@roost/embedded';
import { eventually } from '@roost/testing';
import pg from 'pg';
import { expectAgreement } from './agreement.fixture.js';
import type { BackupMethod } from './backup-method.js';
import { Installation } from './installation.fixture.js';
import { freshEnvironment, freshFolder } from './launcher.js';
import { type Booking, Marketplace, type Payment } from './marketplace.fixture.js';
import { type Operator, replayOntoFullTables } from './operator.fixture.js';
import { RepublishedEvents } from './republished-events.fixture.js';
import { SandboxBooks } from './sandbox-books.fixture.js';

const TIMEOUT = { seconds: 60 };
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
  /** Of the cancelled booking. */
  refundIds: string[];
}

const seconds = (milliseconds: number): string => `${(milliseconds / 1_000).toFixed(1)} s`;

/** One installation that is backed up, goes on, loses its data folder, and is restored to an instant. */
export class RecoveryDrill {
  private readonly steps: [name: string, took: string][] = [];
  private readonly figures: [name: string, figure: string][] = [];
  private failed = false;
  private readonly keys = join(freshFolder(), 'keys.json');
  private installation!: Installation;
  private market!: Marketplace;
  private provider!: SandboxBooks;
  private stays!: { paidOut: Stay; refunded: Stay; cancelled: Stay; unpaid: Stay };
  private after!: After;
  private instant!: Date;
  private lostPapers: { id: string; number: string }[] = [];
  private events!: RepublishedEvents;
  private lostAt = 0;

  /** `main`: the program that runs Roost. */
  constructor(
    private readonly main: string | undefined,
    private readonly backups: BackupMethod,
  ) {}

  async start(): Promise<void> {
    const env = {
      ...(await freshEnvironment()),
      RATE_LIMIT_PER_MINUTE: '0',
      PAYMENT_CHECK_SECONDS: '1',
      // The payment that is made after the instant is found before its hold ends.
      HOLD_TTL_MINUTES: '60',
    };
    await this.backups.prepare(env);
    this.installation = new Installation(env, this.main);
    this.provider = new SandboxBooks(this.installation);
    await this.installation.launch();
    this.market = await Marketplace.prepare(this.installation.gateway);
    const account = { provider: 'sandbox', currency: 'EUR', reference: `acct_${randomUUID().slice(0, 8)}` };
    expect((await this.market.host.put('/v1/me/payout-account', account)).status).toBe(200);
    await this.write('payments', `UPDATE payout_account SET usable_at = now() - interval '1 hour'`);
    this.stays = {
      paidOut: await this.market.bookAndPay(),
      refunded: await this.market.bookAndPay(),
      cancelled: await this.market.bookAndPay(),
      unpaid: await this.market.book(),
    };
  }

  /** A backup, more work, another backup, and the instant to which everything will be restored. */
  async backUp(): Promise<void> {
    await this.installation.command('backup', 'keys', this.keys);
    const bytes = await this.backups.backUp(this.installation);
    this.figures.push(['in the first backup', `${Math.round(bytes / 1e6)} MB`]);
    await this.market.bookAndPay();
    await this.backups.backUpAgain(this.installation);
    await this.market.bookAndPay();
    await this.numbered();
    const [row] = await this.operator.query<{ now: Date }>('payments', 'SELECT clock_timestamp() AS now');
    this.instant = row?.now ?? new Date();
  }

  /** A payment, two refunds, a payout, and a new booking. They come after the instant. */
  async goOn(): Promise<void> {
    const { market, operator, stays } = this;
    expect((await market.confirm(stays.unpaid.payment.id, 'pm_card_visa')).status).toBe(200);
    await market.becomes(stays.unpaid.booking.id, 'confirmed');
    await market.admin.post(`/v1/admin/payments/${stays.refunded.payment.id}/refunds`, {
      amountMinor: GOODWILL_MINOR,
      reason: 'A complaint',
    });
    await this.cancel(stays.cancelled.booking);
    const lost = await market.bookAndPay();
    await this.makeDue(stays.paidOut.booking.id);
    await this.installation.runSweeps();
    await eventually(async () => {
      const paid = await operator.query('payments', `SELECT 1 FROM payout WHERE status = 'paid'`);
      const refunds = await operator.query('payments', `SELECT 1 FROM refund WHERE status = 'succeeded'`);
      expect([paid.length, refunds.length]).toEqual([1, 2]);
    }, TIMEOUT);
    await this.numbered();
    const [transferId = ''] = await this.provider.transfers();
    this.after = {
      transferId,
      lostIntentId: await this.provider.intentOf(lost.payment),
      refundIds: await this.provider.refundsOf(stays.cancelled.payment),
    };
    expect(this.after.refundIds).toHaveLength(1);
  }

  /** The process is killed, and its data folder is gone. The last changes were not archived. */
  async lose(): Promise<void> {
    const { dataDir } = this.installation;
    const archivedUpTo = await this.untilArchived();
    await this.market.book();
    this.lostPapers = await this.operator.query('payments', 'SELECT id, number FROM paper');
    await this.provider.save(this.installation.superuser);
    this.lostAt = performance.now();
    this.figures.push(['RPO: not archived at the loss', seconds(Date.now() - archivedUpTo.getTime())]);
    await this.installation.kill();
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
    expect(existsSync(dataDir)).toBe(false);
  }

  async restore(): Promise<void> {
    const into = join(freshFolder(), 'data');
    const { lastTransaction, seconds: took } = await this.backups.restore(this.installation, {
      to: this.instant,
      into,
      keys: this.keys,
    });
    expect(lastTransaction.getTime()).toBeLessThanOrEqual(this.instant.getTime());
    const restoredAfter = performance.now() - this.lostAt;
    this.installation.dataDir = into;
    await this.prepareAround();
    const started = performance.now();
    await this.installation.launch();
    const serving = performance.now() - started;
    expect((await this.market.guest.get(`/v1/bookings/${this.stays.paidOut.booking.id}`)).status).toBe(200);
    this.figures.push(
      ['of the RTO: backups restored, changes replayed', `${took.toFixed(1)} s`],
      ['of the RTO: start of all services', seconds(serving)],
      ['RTO: from the loss to the first request served', seconds(restoredAfter + serving)],
    );
  }

  /** Everything is as it was, except what the provider knows. */
  async expectBooksOfTheInstant(): Promise<void> {
    const { market, operator, stays } = this;
    await this.installation.command('ledger', 'check');
    expect(await operator.query('payments', 'SELECT 1 FROM refund')).toEqual([]);
    expect(await operator.query('payments', 'SELECT 1 FROM payout')).toEqual([]);
    for (const { booking } of [stays.paidOut, stays.refunded, stays.cancelled]) {
      await market.becomes(booking.id, 'confirmed');
    }
    // The sweeper has asked the provider.
    await market.becomes(stays.unpaid.booking.id, 'confirmed');
    await this.expectPhotos(stays.paidOut.booking);
  }

  /** Every event was published again: consumers have handled none a second time, and none is a dead letter. */
  async expectEventsSkipped(): Promise<void> {
    await this.events.expectSkipped();
  }

  /** The payout that was lost is due here, and is not paid again. */
  async expectNoSecondPayout(): Promise<void> {
    await this.makeDue(this.stays.paidOut.booking.id);
    await this.installation.runSweeps();
    expect(await this.operator.query('payments', 'SELECT 1 FROM payout')).toEqual([]);
    const { body } = await this.market.host.get<{ data: { reason: string; amountMinor: number }[] }>(
      '/v1/me/payouts?status=upcoming',
    );
    expect(body.data.map(({ reason }) => reason)).toContain('reconciliation_pending');
    expect(await this.operator.json('restore', 'status')).toMatchObject([{ endedAt: null }]);
  }

  /** The guest cancels once more, whose lost cancellation was refunded. The refund waits. */
  async expectNoSecondRefund(): Promise<void> {
    const { booking, payment } = this.stays.cancelled;
    await this.cancel(booking);
    await eventually(async () => {
      const [operation] = await this.operator.query(
        'payments',
        `SELECT status, tries > 0 AS tried, lease_until AS lease FROM payment_operation
         WHERE payment_id = $1 AND kind = 'refund'`,
        [payment.id],
      );
      expect(operation).toEqual({ status: 'pending', tried: true, lease: null });
    }, TIMEOUT);
    expect(await this.provider.refundsOf(payment)).toEqual(this.after.refundIds);
  }

  /** Every lost movement is reported. */
  async expectDifferences(): Promise<void> {
    const { code, out } = await this.operator.roost('reconcile', 'run', '--json');
    const { differences } = JSON.parse(out) as { differences: Difference[] };
    expect(code).toBe(1);
    expect(differences.map(({ kind }) => kind).sort()).toEqual([
      'payout.unknown_transfer',
      'provider.amount_differs',
      'provider.amount_differs',
      'provider.unknown_payment',
    ]);
    const of = (kind: string) => differences.filter((each) => each.kind === kind);
    expect(of('payout.unknown_transfer')).toMatchObject([{ providerRef: this.after.transferId }]);
    expect(new Set(of('provider.amount_differs').map(({ paymentId }) => paymentId))).toEqual(
      new Set([this.stays.refunded.payment.id, this.stays.cancelled.payment.id]),
    );
    expect(of('provider.unknown_payment')).toMatchObject([{ providerRef: this.after.lostIntentId }]);
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
      'refund entered',
      'transfer entered',
    ]);
    await this.provider.refundAll(this.after.lostIntentId);
    await expectAgreement(this.operator);
    await this.installation.command('ledger', 'check');
    expect(await this.operator.json('restore', 'status')).toMatchObject([{ endedAt: expect.any(String) }]);
    this.figures.push([
      'from the loss until payouts continue, with the checks of the drill',
      seconds(performance.now() - this.lostAt),
    ]);
  }

  /** Payouts run again, and pay what is due and not what was paid. */
  async expectNothingTwice(): Promise<void> {
    const { operator, stays } = this;
    await this.makeDue(stays.paidOut.booking.id);
    await this.makeDue(stays.unpaid.booking.id);
    await this.installation.runSweeps();
    await eventually(async () => {
      const paid = await operator.query<{ booking: string }>(
        'payments',
        `SELECT l.booking_id AS booking FROM payout p JOIN payout_line l ON l.payout_id = p.id
         WHERE p.status = 'paid' ORDER BY p.finished_at`,
      );
      expect(paid.map(({ booking }) => booking)).toEqual([stays.paidOut.booking.id, stays.unpaid.booking.id]);
    }, TIMEOUT);
    expect(await this.provider.transfers()).toHaveLength(2);
    for (const { payment } of [stays.refunded, stays.cancelled]) {
      expect(await this.provider.refundsOf(payment)).toHaveLength(1);
    }
    expect(await this.provider.refundsOf(stays.cancelled.payment)).toEqual(this.after.refundIds);
    expect(
      await operator.query('payments', `SELECT 1 FROM payment_operation WHERE status = 'pending'`),
    ).toEqual([]);
    expect(await this.provider.intentsChargedTwice()).toEqual([]);
  }

  /** New work succeeds, papers do not use a number that a lost one has, and no event is handled twice. */
  async expectNewWork(): Promise<void> {
    await this.market.bookAndPay();
    await this.numbered();
    await this.expectNumbersOnce();
    await replayOntoFullTables(this.operator);
    await expectAgreement(this.operator);
    await this.installation.command('ledger', 'check');
    await this.backups.backUpRestored(this.installation);
  }

  /** Measures a step. Each one continues with the state of the previous one. */
  async step(name: string, work: () => Promise<void>): Promise<void> {
    if (this.failed) throw new Error('An earlier step has failed.');
    const started = performance.now();
    try {
      await work();
    } catch (error) {
      this.failed = true;
      throw error;
    }
    this.steps.push([name, seconds(performance.now() - started)]);
  }

  report(): string {
    return [...this.steps, ...this.figures]
      .map(([name, figure]) => `${figure.padStart(8)}  ${name}`)
      .join('\n');
  }

  async close(): Promise<void> {
    await (this.installation as Installation | undefined)?.close();
    await this.backups.stop();
  }

  private get operator(): Operator {
    return this.installation.operator;
  }

  /** The stay began long ago. */
  private async makeDue(bookingId: string): Promise<void> {
    await this.write(
      'payments',
      `UPDATE payout_booking SET first_due_at = now() - interval '1 hour', check_at = now() WHERE booking_id = '${bookingId}'`,
    );
  }

  private async cancel({ id }: Booking): Promise<void> {
    const { status } = await this.market.guest.post(`/v1/bookings/${id}/cancel`, { reason: 'Plans changed' });
    expect(status).toBe(200);
    await this.market.becomes(id, 'cancelled');
  }

  private async expectPhotos({ listingId }: Booking): Promise<void> {
    const listing = await this.market.guest.get<{ photos: { url: string }[] }>(`/v1/listings/${listingId}`);
    const [photo] = listing.body.photos;
    expect((await this.market.guest.get(new URL(photo?.url ?? '').pathname)).status).toBe(200);
  }

  /** Neither within the restored books, nor on a paper that was lost. */
  private async expectNumbersOnce(): Promise<void> {
    const papers = await this.operator.query<{ id: string; number: string }>(
      'payments',
      'SELECT id, number FROM paper',
    );
    const byNumber = new Map([...this.lostPapers, ...papers].map(({ id, number }) => [number, id]));
    for (const { id, number } of [...this.lostPapers, ...papers]) {
      expect({ number, id: byNumber.get(number) }).toEqual({ number, id });
    }
    const known = new Set(papers.map(({ id }) => id));
    expect(this.lostPapers.filter(({ id }) => !known.has(id)).length).toBeGreaterThan(0);
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

  /** As after `archive_timeout`. Everything that was committed before the returned instant is in the archive. */
  private async untilArchived(): Promise<Date> {
    const client = new pg.Client({ ...this.installation.superuser, database: 'postgres' });
    await client.connect();
    try {
      const { rows } = await client.query<{ now: Date; timeout: string; name: string }>(
        `SELECT clock_timestamp() AS now, current_setting('archive_timeout') AS timeout,
           pg_walfile_name(pg_switch_wal() - 1) AS name`,
      );
      const [row] = rows;
      if (!row) throw new Error('pg_switch_wal() has no row');
      const started = performance.now();
      await eventually(async () => {
        const archived = await client.query('SELECT 1 FROM pg_stat_archiver WHERE last_archived_wal >= $1', [
          row.name,
        ]);
        expect(archived.rowCount).toBe(1);
      }, TIMEOUT);
      this.figures.push([
        `of the RPO: a segment is archived (one is closed after at most ${row.timeout})`,
        seconds(performance.now() - started),
      ]);
      return row.now;
    } finally {
      await client.end();
    }
  }

  /** What is not a part of a restore: the provider keeps its own database, and the drill notes what was handled. */
  private async prepareAround(): Promise<void> {
    const postgres = await startPostgres({ dataDir: join(this.installation.dataDir, 'postgres') });
    try {
      await this.provider.putBack(postgres);
      this.events = await RepublishedEvents.publish(this.installation, this.main !== undefined);
    } finally {
      await postgres.stop();
    }
  }
}
