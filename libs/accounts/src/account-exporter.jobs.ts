import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Outbox, Transactions } from '@roost/messaging';
import { Encryption, LOGGER, runWithoutRequestContext, SweepEvery, SystemClock } from '@roost/platform';
import type { Logger } from 'pino';
import {
  addChunk,
  addExport,
  completeExport,
  deleteExpiredExports,
  dueExports,
  type ExportRun,
  postponeExport,
  startRun,
} from './account-export.queries.js';
import { exportText } from './export-text.queries.js';
import { PersonalData } from './personal-data.port.js';

/** Identity allows a download for 7 days after the request, so its parts are stored as long. */
const KEPT_MS = 7 * 24 * 60 * 60_000;
/** Identity ignores parts that are written later: the export has failed. */
const REPEATED_MS = 3 * 24 * 60 * 60_000;
/** Each chunk extends the lease of its run. */
const LEASE_MS = 5 * 60_000;
const FIRST_DELAY_MS = 60_000;
const LONGEST_DELAY_MS = 60 * 60_000;
/** The most exports of a sweep, and the most that one statement deletes. */
const BATCH = 100;

/** The context of the encryption of chunks. */
export const CHUNK_CONTEXT = 'account_export_chunk.content';

/** Writes the parts of exports in a service, from its `PersonalData`, and publishes `privacy.export-part-ready`. */
@Injectable()
export class AccountExporter {
  private running = Promise.resolve();

  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly outbox: Outbox,
    private readonly personalData: PersonalData,
    private readonly encryption: Encryption,
    private readonly systemClock: SystemClock,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Call it in the transaction of the request: it stores a row, so that a crash loses no export. */
  async exportAfterCommit(em: EntityManager, request: { userId: string; requestId: string }): Promise<void> {
    await addExport(em, request, this.systemClock.now(), this.inMs(KEPT_MS));
    this.transactions.afterCommit(() => {
      this.running = runWithoutRequestContext(() => this.exportAfter(this.running, request.requestId));
    });
  }

  @SweepEvery(60, 'account.export')
  async exportDue(): Promise<void> {
    const due = { now: this.systemClock.now(), expiresAfter: this.inMs(KEPT_MS - REPEATED_MS) };
    const ids = await dueExports(this.em.fork(), due, BATCH);
    for (const id of ids) await this.tryToExport(id);
  }

  @SweepEvery(3600, 'account.delete-exports')
  async deleteExpired(): Promise<void> {
    let deleted: number;
    do {
      deleted = await deleteExpiredExports(this.em.fork(), this.systemClock.now(), BATCH);
    } while (deleted === BATCH);
  }

  private async exportAfter(previous: Promise<void>, exportId: string): Promise<void> {
    await previous;
    await this.tryToExport(exportId);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.running;
  }

  /** A failure does not block the batch; the export is repeated for three days. */
  private async tryToExport(exportId: string): Promise<void> {
    let run: ExportRun | null = null;
    try {
      run = await startRun(this.em.fork(), exportId, this.systemClock.now(), this.inMs(LEASE_MS));
      if (run && (await this.writeChunks(run))) await this.complete(run);
    } catch (error) {
      const attempt = run?.attempt;
      this.logger.error({ err: error, exportId, attempt }, 'an export failed; the sweeper will retry');
      if (run) await this.postpone(run);
    }
  }

  private async postpone(run: ExportRun): Promise<void> {
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** (run.attempt - 1), LONGEST_DELAY_MS);
    await postponeExport(this.em.fork(), run, this.inMs(delayMs)).catch((err: unknown) =>
      this.logger.warn({ err, exportId: run.exportId }, 'the export is repeated when its lease ends'),
    );
  }

  /**
   * Reads in a transaction that writes nothing: a long one with writes would delay all events of the service. Each chunk has a
   * transaction of its own.
   */
  private writeChunks(run: ExportRun): Promise<boolean> {
    return this.transactions.begin(async (em) => {
      let position = 0;
      for await (const text of exportText(em, this.personalData.sections(run.userId))) {
        const content = this.encryption.encrypt(text, CHUNK_CONTEXT);
        const chunk = { position: position++, content };
        const stored = await this.transactions.begin((own) => addChunk(own, run, chunk, this.inMs(LEASE_MS)));
        if (!stored) return false;
      }
      return true;
    });
  }

  private async complete(run: ExportRun): Promise<void> {
    await this.transactions.begin(async (em) => {
      if (!(await completeExport(em, run))) return;
      const { userId, exportId } = run;
      const fileKey = `account_export/${exportId}`;
      await this.outbox.add(em, 'privacy.export-part-ready', { userId, requestId: exportId, fileKey });
    });
  }

  private inMs(milliseconds: number): Date {
    return new Date(this.systemClock.now().getTime() + milliseconds);
  }
}
