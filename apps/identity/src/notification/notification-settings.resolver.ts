import { Arg, Mutation, Query, Resolver } from '@roost/graphql';
import { type AuthUser, CurrentUser } from '@roost/http';
import { NotificationSettings } from './notification-settings.dto.js';
import { NotificationSettingsService } from './notification-settings.service.js';

@Resolver()
export class NotificationSettingsResolver {
  constructor(private readonly settings: NotificationSettingsService) {}

  @Query(NotificationSettings)
  notificationSettings(@CurrentUser() auth: AuthUser): Promise<NotificationSettings> {
    return this.settings.read(auth);
  }

  @Mutation(NotificationSettings)
  setNotificationSettings(
    @CurrentUser() auth: AuthUser,
    @Arg('input', NotificationSettings) input: NotificationSettings,
  ): Promise<NotificationSettings> {
    return this.settings.replace(auth, input);
  }
}
