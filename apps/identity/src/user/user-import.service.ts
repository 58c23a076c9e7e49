import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { AuditLog } from '@roost/audit';
import type { EventBody } from '@roost/contracts';
import {
  type AuthUser,
  ContactMasking,
  Idempotency,
  importedRow,
  type ImportResult,
  type ImportResults,
  parseRow,
  rejectedRow,
  invalidRowField,
} from '@roost/http';
import { Outbox } from '@roost/messaging';
import { Problem, SystemClock, deterministicUuid } from '@roost/platform';
import { SessionService } from '../session/session.service.js';
import { MAX_DISPLAY_NAME } from './user.dto.js';
import { ImportedHost, type ImportHosts } from './user-import.dto.js';
import { type ExistingUser, insertImportedHosts, lockUsers, renameUser } from './user-import.queries.js';

/** The requested display names by user id. */
type RequestedNames = ReadonlyMap<string, string>;

/** Imports hosts from another platform. They have no password and no mailbox, so they cannot log in. */
@Injectable()
export class UserImportService {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly sessions: SessionService,
    private readonly outbox: Outbox,
    private readonly auditLog: AuditLog,
    private readonly clock: SystemClock,
  ) {}

  hosts(admin: AuthUser, batch: ImportHosts): Promise<ImportResults> {
    return this.idempotency.runOnce(async (em) => {
      await this.sessions.requireUser(admin, em);
      const rows = batch.rows.map(readHost);
      const requested = new Map<string, string>();
      for (const { value } of rows) {
        if (value)
          requested.set(deterministicUuid('user', batch.source, value.externalId), value.displayName);
      }
      const existing = await lockUsers(em, [...requested.keys()]);
      await this.insertMissing(em, requested, existing);
      await this.rename(em, requested, existing);
      const seen = new Set<string>();
      const results = rows.map(({ value, rejected, masking }): ImportResult => {
        if (!value) return rejected;
        const { externalId } = value;
        const id = deterministicUuid('user', batch.source, externalId);
        if (seen.has(id)) return rejectedRow(externalId, duplicate());
        seen.add(id);
        const before = existing.get(id);
        if (!before) return masking.addTo(importedRow(externalId, id, 'created'));
        if (before.status === 'erased') return rejectedRow(externalId, new Problem('user.not_found'));
        const outcome = isRenamed(before, requested.get(id)) ? 'updated' : 'unchanged';
        return masking.addTo(importedRow(externalId, id, outcome));
      });
      await this.auditLog.recordImport(em, { admin, action: 'import.hosts', source: batch.source }, results);
      return { results };
    });
  }

  /** Each host gets a unique mail address of a reserved domain that never receives mail (RFC 2606). */
  private async insertMissing(
    em: EntityManager,
    requested: RequestedNames,
    existing: ReadonlyMap<string, ExistingUser>,
  ): Promise<void> {
    const hosts = [...requested]
      .filter(([id]) => !existing.has(id))
      .map(([id, displayName]) => ({ id, displayName, email: `${id}@imported.roost.invalid` }));
    if (hosts.length === 0) return;
    await insertImportedHosts(em, hosts, this.clock.now());
    await this.outbox.addAll(
      em,
      'user.registered',
      hosts.map(({ id, displayName }) => ({
        body: {
          userId: id,
          displayName,
          locale: 'en',
          roles: ['guest', 'host'],
          emailVerified: false,
          status: 'active',
        },
        version: 1,
      })),
    );
  }

  private async rename(
    em: EntityManager,
    requested: RequestedNames,
    existing: ReadonlyMap<string, ExistingUser>,
  ): Promise<void> {
    const events: { body: EventBody<'user.profile-changed'>; version: number }[] = [];
    for (const [id, displayName] of requested) {
      const user = existing.get(id);
      if (!user || !isRenamed(user, displayName)) continue;
      await renameUser(em, id, displayName);
      const { id: userId, version, ...snapshot } = user;
      events.push({ body: { userId, ...snapshot, displayName }, version: version + 1 });
    }
    await this.outbox.addAll(em, 'user.profile-changed', events);
  }
}

/** Validates a row and masks contact data in its name. */
function readHost(row: unknown) {
  const parsed = parseRow(ImportedHost, row);
  const masking = new ContactMasking();
  if (parsed.rejected) return { value: null, rejected: parsed.rejected, masking };
  const displayName = masking.mask('/displayName', parsed.value.displayName, MAX_DISPLAY_NAME);
  return { value: { ...parsed.value, displayName }, rejected: null, masking };
}

/** A suspended or erased account keeps its name. */
const isRenamed = (user: ExistingUser, displayName: string | undefined): boolean =>
  user.status === 'active' && displayName !== undefined && user.displayName !== displayName;

const duplicate = () =>
  invalidRowField('request.invalid', '/externalId', 'Occurs more than once in this batch');
