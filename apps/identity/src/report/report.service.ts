import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { AuditLog } from '@roost/audit';
import { type AuthUser, Idempotency, type PageOf } from '@roost/http';
import { CONFIG, Problem, SystemClock, uuidv7 } from '@roost/platform';
import { addHours } from '@roost/stay';
import type { IdentityConfig } from '../config.js';
import { SessionService } from '../session/session.service.js';
import {
  type AdminReport,
  type AdminReportsQuery,
  type CreateReport,
  type Report,
  toAdminReport,
} from './report.dto.js';
import {
  decideReport,
  type Decision,
  findOpenReport,
  findReportParties,
  insertReport,
  listReports,
  lockReporter,
  reportOverLimit,
  type Subject,
} from './report.queries.js';
import { ReportedSubjectClient } from './reported-subject.client.js';

const LIMIT_HOURS = 24;

/** READ COMMITTED: reads after the lock have to see the reports that the lock waited for. */
const UNDER_LOCK = { isolation: 'read committed' } as const;

/** Reports by users, and the decisions of administrators. In system time, by which the limit is counted. */
@Injectable()
export class ReportService {
  constructor(
    private readonly em: EntityManager,
    private readonly idempotency: Idempotency,
    private readonly sessions: SessionService,
    private readonly subjects: ReportedSubjectClient,
    private readonly auditLog: AuditLog,
    private readonly clock: SystemClock,
    @Inject(CONFIG) private readonly config: IdentityConfig,
  ) {}

  /** The subject is read before the transaction: its service may take seconds. */
  async create(reporter: AuthUser, input: CreateReport): Promise<Report> {
    const { subjectType, subjectId, reason, text = null } = input;
    const reads = this.em.fork();
    await this.sessions.requireUser(reporter, reads);
    await this.requireAdmissible(reads, reporter.id, { type: subjectType, id: subjectId });
    const found = await this.subjects.find(subjectType, subjectId);
    if (found.ownerId === reporter.id) throw new Problem('report.subject_is_own');
    const subject = { ...found, type: subjectType, id: subjectId };
    return this.idempotency.runOnce(async (em) => {
      // Again: their account may have been suspended, and other reports made, while the subject was read.
      await this.sessions.requireUser(reporter, em);
      await lockReporter(em, reporter.id);
      await this.requireAdmissible(em, reporter.id, subject);
      const [id, createdAt] = [uuidv7(), this.clock.now()];
      await insertReport(em, { id, reporterId: reporter.id, subject, reason, text, createdAt });
      return { id, subjectType, subjectId, reason, text, status: 'open', createdAt: createdAt.toISOString() };
    }, UNDER_LOCK);
  }

  async list(admin: AuthUser, query: AdminReportsQuery): Promise<PageOf<AdminReport>> {
    const em = this.em.fork();
    await this.sessions.requireUser(admin, em);
    const { data, nextCursor } = await listReports(em, query);
    return { data: data.map(toAdminReport), nextCursor };
  }

  /** Closes a report. The subject stays as it is: suspending and hiding have routes of their own. */
  decide(admin: AuthUser, id: string, decision: Pick<Decision, 'status' | 'note'>): Promise<void> {
    return this.idempotency.runOnce(async (em) => {
      await this.sessions.requireUser(admin, em);
      const report = await findReportParties(em, id);
      if (!report) throw new Problem('report.not_found');
      if (report.ownerId === admin.id)
        throw new Problem('auth.forbidden', 'You cannot decide a report about yourself');
      if (report.reporterId === admin.id)
        throw new Problem('auth.forbidden', 'You cannot decide a report of your own');
      const decidedAt = this.clock.now();
      const isDecided = await decideReport(em, id, { ...decision, decidedAt, decidedBy: admin.id });
      if (!isDecided) throw new Problem('report.already_decided');
      await this.auditLog.record(em, {
        ...{ actor: admin, action: decision.status === 'upheld' ? 'report.uphold' : 'report.dismiss' },
        ...{ subject: { type: 'report', id }, reason: decision.note },
      });
    });
  }

  private async requireAdmissible(em: EntityManager, reporterId: string, subject: Subject): Promise<void> {
    const reportId = await findOpenReport(em, reporterId, subject);
    if (reportId) throw new Problem('report.already_open', undefined, { reportId });
    await this.requireUnderLimit(em, reporterId);
  }

  private async requireUnderLimit(em: EntityManager, reporterId: string): Promise<void> {
    const now = this.clock.now();
    const limit = this.config.REPORTS_PER_DAY;
    const oldest = await reportOverLimit(em, reporterId, limit, addHours(now, -LIMIT_HOURS));
    if (!oldest) return;
    const seconds = Math.ceil((addHours(oldest, LIMIT_HOURS).getTime() - now.getTime()) / 1000);
    const headers = { 'retry-after': String(Math.max(1, seconds)) };
    throw new Problem('rate.too_many_reports', `At most ${limit} reports a day`, {}, headers);
  }
}
