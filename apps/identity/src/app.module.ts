import { Module } from '@nestjs/common';
import { AuditModule } from '@roost/audit';
import { OperationsModule } from '@roost/service';
import { AvatarModule } from './avatar/avatar.module.js';
import { DevModule } from './dev/dev.module.js';
import { EmailChangeModule } from './email-change/email-change.module.js';
import { ExportModule } from './export/export.module.js';
import { LiveEventModule } from './live-event/live-event.module.js';
import { ErasureModule } from './erasure/erasure.module.js';
import { MfaModule } from './mfa/mfa.module.js';
import { NotificationModule } from './notification/notification.module.js';
import { OidcModule } from './oidc/oidc.module.js';
import { PasskeyModule } from './passkey/passkey.module.js';
import { PasswordModule } from './password/password.module.js';
import { PhoneModule } from './phone/phone.module.js';
import { RegistrationModule } from './registration/registration.module.js';
import { ReportModule } from './report/report.module.js';
import { SessionModule } from './session/session.module.js';
import { SessionService } from './session/session.service.js';
import { SigningKeyModule } from './signing-key/signing-key.module.js';
import { MailAdminModule } from './mail-admin/mail-admin.module.js';
import { UserAdminModule } from './user-admin/user-admin.module.js';
import { UserModule } from './user/user.module.js';

@Module({
  imports: [
    AuditModule,
    SigningKeyModule,
    SessionModule,
    UserModule,
    AvatarModule,
    MailAdminModule,
    UserAdminModule,
    RegistrationModule,
    PasswordModule,
    PasskeyModule,
    OidcModule,
    MfaModule,
    EmailChangeModule,
    PhoneModule,
    ErasureModule,
    ExportModule,
    NotificationModule,
    LiveEventModule,
    ReportModule,
    DevModule,
    OperationsModule.forService('identity', { module: SessionModule, provider: SessionService }),
  ],
})
export class IdentityModule {}
