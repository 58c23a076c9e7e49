import { Controller, Get, Put } from '@nestjs/common';
import { type AuthUser, Body, CurrentUser, HasEtag, RespondsWith, Summary } from '@roost/http';
import { NotificationSettings } from './notification-settings.dto.js';
import { NotificationSettingsService } from './notification-settings.service.js';

@Controller('v1/me/notification-settings')
export class NotificationSettingsController {
  constructor(private readonly settings: NotificationSettingsService) {}

  @Summary('Read your notification settings')
  @Get()
  @HasEtag()
  @RespondsWith(200, NotificationSettings)
  read(@CurrentUser() auth: AuthUser): Promise<NotificationSettings> {
    return this.settings.read(auth);
  }

  @Summary('Replace your notification settings')
  @Put()
  @RespondsWith(200, NotificationSettings, 'request.precondition_failed')
  replace(
    @CurrentUser() auth: AuthUser,
    @Body(NotificationSettings) body: NotificationSettings,
  ): Promise<NotificationSettings> {
    return this.settings.replace(auth, body);
  }
}
