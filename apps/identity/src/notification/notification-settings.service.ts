import { isDeepStrictEqual } from 'node:util';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { type AuthUser, etagOf, requireMatch, withEtag } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { SystemClock } from '@roost/platform';
import { recordAccountAction } from '../account/account-log.queries.js';
import { SessionService } from '../session/session.service.js';
import { type NotificationSettings, toMuted, toSettings } from './notification-settings.dto.js';
import { findMuted, saveMuted } from './notification-settings.queries.js';

@Injectable()
export class NotificationSettingsService {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly sessions: SessionService,
    private readonly clock: SystemClock,
  ) {}

  async read(auth: AuthUser): Promise<NotificationSettings> {
    const user = await this.sessions.requireUser(auth);
    const { version, muted } = await findMuted(this.em, user.id);
    return withEtag(toSettings(muted), etagOf(version, user.id));
  }

  async replace(auth: AuthUser, settings: NotificationSettings): Promise<NotificationSettings> {
    const version = await this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      const before = await findMuted(em, user.id);
      requireMatch(etagOf(before.version, user.id));
      const muted = toMuted(settings);
      if (isDeepStrictEqual(muted, before.muted)) return before.version;
      const version = await saveMuted(em, user.id, muted);
      const recorded = { userId: user.id, action: 'notification-settings.changed' } as const;
      await recordAccountAction(em, recorded, this.clock.now());
      return version;
    });
    return withEtag(settings, etagOf(version, auth.id));
  }
}
