import { EntityManager } from '@mikro-orm/postgresql';
import { Controller, Get, Put } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { SystemClock } from '@roost/platform';
import {
  HasEtag,
  RespondsWith,
  type AuthUser,
  Body,
  CurrentUser,
  etagOf,
  requireMatch,
  withEtag,
  Summary,
} from '@roost/http';
import { recordAccountAction } from '../account/account-log.queries.js';
import { SessionService } from '../session/session.service.js';
import { NotificationSettings, toMuted, toSettings } from './notification-settings.dto.js';
import { findMuted, saveMuted } from './notification-settings.queries.js';

@Controller('v1/me/notification-settings')
export class NotificationSettingsController {
  constructor(
    private readonly em: EntityManager,
    private readonly transactions: Transactions,
    private readonly sessions: SessionService,
    private readonly clock: SystemClock,
  ) {}

  @Summary('Read your notification settings')
  @Get()
  @HasEtag()
  @RespondsWith(200, NotificationSettings)
  async read(@CurrentUser() auth: AuthUser): Promise<NotificationSettings> {
    const user = await this.sessions.requireUser(auth);
    const { version, muted } = await findMuted(this.em, user.id);
    return withEtag(toSettings(muted), etagOf(version, user.id));
  }

  @Summary('Replace your notification settings')
  @Put()
  @RespondsWith(200, NotificationSettings, 'request.precondition_failed')
  async replace(
    @CurrentUser() auth: AuthUser,
    @Body(NotificationSettings) body: NotificationSettings,
  ): Promise<NotificationSettings> {
    const version = await this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      const before = await findMuted(em, user.id);
      requireMatch(etagOf(before.version, user.id));
      const action = 'notification-settings.changed';
      await recordAccountAction(em, { userId: user.id, action }, this.clock.now());
      return await saveMuted(em, user.id, toMuted(body));
    });
    return withEtag(body, etagOf(version, auth.id));
  }
}
