import type { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { AccountExporter } from '@roost/accounts';
import { type AuthUser, Idempotency } from '@roost/http';
import { Outbox, Transactions } from '@roost/messaging';
import { CONFIG, Problem, SystemClock, uuidv7 } from '@roost/platform';
import { addHours } from '@roost/stay';
import { lockAccount } from '../account/account-lock.queries.js';
import { recordAccountAction } from '../account/account-log.queries.js';
import type { IdentityConfig } from '../config.js';
import { SessionService } from '../session/session.service.js';
import { expiryOf, statusOf } from './domain/export-status.js';
import { type DataExport, toExportView } from './export.dto.js';
import { type ExportRow, findExport, insertExport, recentExports } from './export-request.queries.js';

const MAX_PER_DAY = 3;
const PENDING_RETRY_SECONDS = 60;

/** The exports of a user's personal data. */
@Injectable()
export class ExportService {
  constructor(
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly outbox: Outbox,
    private readonly sessions: SessionService,
    private readonly exporter: AccountExporter,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  /** Throws 429 `rate.too_many_exports` while an export of the user is pending, and after three in a day. */
  async request(auth: AuthUser): Promise<DataExport> {
    // READ COMMITTED: the read after the lock has to see the request that the lock waited for.
    return this.idempotency.runOnce(
      async (em) => {
        const { id: userId } = await this.sessions.requireUser(auth, em);
        await lockAccount(em, userId);
        const requestedAt = this.clock.now();
        await this.requireUnderLimit(em, userId, requestedAt);
        const row: ExportRow = {
          ...{ id: uuidv7(), requestedAt, expiresAt: expiryOf(requestedAt) },
          ...{ completedBy: [], readyAt: null },
        };
        await insertExport(em, userId, row);
        const request = { userId, requestId: row.id };
        await this.outbox.add(em, 'privacy.export-requested', request);
        const recorded = { userId, action: 'export.requested', details: { exportId: row.id } } as const;
        await recordAccountAction(em, recorded, requestedAt);
        await this.exporter.exportAfterCommit(em, request);
        return this.view(row);
      },
      { isolation: 'read committed' },
    );
  }

  read(auth: AuthUser, id: string): Promise<DataExport> {
    return this.transactions.run((em) => this.find(em, auth, id));
  }

  /** Before a download. Throws 409 `export.not_ready` for a pending export, 404 for any other without a file. */
  async requireFile(auth: AuthUser, id: string): Promise<void> {
    await this.transactions.run(async (em) => {
      const { status } = await this.find(em, auth, id);
      if (status === 'pending') throw new Problem('export.not_ready');
      if (status !== 'ready') throw new Problem('export.not_found');
      const recorded = { userId: auth.id, action: 'export.downloaded', details: { exportId: id } } as const;
      await recordAccountAction(em, recorded, this.clock.now());
    });
  }

  private async find(em: EntityManager, auth: AuthUser, id: string): Promise<DataExport> {
    const { id: userId } = await this.sessions.requireUser(auth, em);
    const row = await findExport(em, userId, id);
    if (!row) throw new Problem('export.not_found');
    return this.view(row);
  }

  private async requireUnderLimit(em: EntityManager, userId: string, now: Date): Promise<void> {
    const recent = await recentExports(em, userId, addHours(now, -24), MAX_PER_DAY);
    const oldest = recent.at(MAX_PER_DAY - 1);
    const isPending = recent.some((row) => statusOf(row, now) === 'pending');
    if (!oldest && !isPending) return;
    const untilAllowed = oldest ? (addHours(oldest.requestedAt, 24).getTime() - now.getTime()) / 1000 : 0;
    const seconds = Math.max(Math.ceil(untilAllowed), isPending ? PENDING_RETRY_SECONDS : 1);
    throw new Problem('rate.too_many_exports', undefined, {}, { 'retry-after': String(seconds) });
  }

  private view(row: ExportRow): DataExport {
    return toExportView(row, this.config.PUBLIC_URL, this.clock.now());
  }
}
