import type { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { EventBody } from '@roost/contracts';
import { Outbox } from '@roost/messaging';
import {
  type AuthUser,
  Idempotency,
  importedRow,
  type ImportResult,
  type ImportResults,
  readRow,
  refusedRow,
  wrongField,
} from '@roost/http';
import { Problem, SystemClock, uuidOf } from '@roost/platform';
import { Sessions } from '../session/session.service.js';
import { ImportedHost, type ImportHosts } from './user-import.dto.js';
import type { Role, UserStatus } from './user.entity.js';

interface Known {
  id: string;
  version: number;
  displayName: string;
  locale: string;
  roles: Role[];
  emailVerified: boolean;
  status: UserStatus;
}

/** Hosts who had an account elsewhere. They have no password and no mailbox here: nobody logs in as one of them. */
@Injectable()
export class UserImport {
  constructor(
    private readonly idempotency: Idempotency,
    private readonly sessions: Sessions,
    private readonly outbox: Outbox,
    private readonly clock: SystemClock,
  ) {}

  hosts(admin: AuthUser, batch: ImportHosts): Promise<ImportResults> {
    return this.idempotency.answer(async (em) => {
      await this.sessions.ownerOf(admin, em);
      const rows = batch.rows.map((row) => readRow(ImportedHost, row));
      const wanted = new Map<string, string>();
      for (const { value } of rows) {
        if (value) wanted.set(uuidOf('user', batch.source, value.externalId), value.displayName);
      }
      const known = await lockUsers(em, [...wanted.keys()]);
      await this.add(
        em,
        [...wanted].filter(([id]) => !known.has(id)),
      );
      await this.rename(em, [...wanted], known);
      const answered = new Set<string>();
      const results = rows.map(({ value, refused }): ImportResult => {
        if (!value) return refused;
        const id = uuidOf('user', batch.source, value.externalId);
        if (answered.has(id)) return refusedRow(value.externalId, twice());
        answered.add(id);
        const before = known.get(id);
        if (!before) return importedRow(value.externalId, id, 'created');
        if (before.status === 'erased') return refusedRow(value.externalId, new Problem('user.not_found'));
        const same = !isRenamed(before, wanted.get(id));
        return importedRow(value.externalId, id, same ? 'unchanged' : 'updated');
      });
      return { results };
    });
  }

  /**
   * The address is nobody's and leads nowhere (RFC 2606), but each account has one of its own. A conflict with another
   * batch that adds the same hosts at this moment is one that this transaction can't see: it is run again.
   */
  private async add(
    em: EntityManager,
    hosts: readonly (readonly [id: string, name: string])[],
  ): Promise<void> {
    if (hosts.length === 0) return;
    const rows = hosts.map(([id, name]) => ({ id, name, email: `${id}@imported.roost.invalid` }));
    await em.execute(
      `INSERT INTO user_account (id, version, email, display_name, locale, roles, status, created_at)
       SELECT id, 1, email, name, 'en', '{guest,host}', 'active', ?
       FROM jsonb_to_recordset(?::jsonb) AS host (id uuid, email text, name text) ORDER BY id
       ON CONFLICT DO NOTHING`,
      [this.clock.now(), JSON.stringify(rows)],
    );
    await this.outbox.addAll(
      em,
      'user.registered',
      hosts.map(([userId, displayName]) => ({
        body: {
          userId,
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
    wanted: readonly (readonly [id: string, name: string])[],
    known: ReadonlyMap<string, Known>,
  ): Promise<void> {
    const events: { body: EventBody<'user.profile-changed'>; version: number }[] = [];
    for (const [id, name] of wanted) {
      const user = known.get(id);
      if (!user || !isRenamed(user, name)) continue;
      const { version, ...snapshot } = user;
      await em.execute('UPDATE user_account SET display_name = ?, version = version + 1 WHERE id = ?', [
        name,
        id,
      ]);
      events.push({ body: { ...toSnapshot(snapshot), displayName: name }, version: version + 1 });
    }
    await this.outbox.addAll(em, 'user.profile-changed', events);
  }
}

/** An account that is suspended or erased stays as it is. */
const isRenamed = (user: Known, name: string | undefined): boolean =>
  user.status === 'active' && name !== undefined && user.displayName !== name;

const toSnapshot = ({ id, ...rest }: Omit<Known, 'version'>): EventBody<'user.profile-changed'> => ({
  userId: id,
  ...rest,
});

const twice = () => wrongField('request.invalid', '/externalId', 'Is in this batch twice');

async function lockUsers(em: EntityManager, ids: readonly string[]): Promise<Map<string, Known>> {
  const rows = await em.execute<Known[]>(
    `SELECT id, version, display_name AS "displayName", locale, roles, status,
       email_verified_at IS NOT NULL AS "emailVerified"
     FROM user_account WHERE id = ANY(?::uuid[]) ORDER BY id FOR UPDATE`,
    [`{${ids.join(',')}}`],
  );
  return new Map(rows.map((row) => [row.id, row]));
}
