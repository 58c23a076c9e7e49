import { Migration0000AccountErasure, Migration0000AccountExport } from '@roost/accounts';
import { defineService } from '@roost/service';
import { Migration0001Identity } from '../migrations/Migration0001Identity.js';
import { Migration0002PayoutNotifications } from '../migrations/Migration0002PayoutNotifications.js';
import { Migration0003Erasure } from '../migrations/Migration0003Erasure.js';
import { Migration0004Operators } from '../migrations/Migration0004Operators.js';
import { Migration0006LiveEvents } from '../migrations/Migration0006LiveEvents.js';
import { Migration0007Exports } from '../migrations/Migration0007Exports.js';
import { Migration0008Reports } from '../migrations/Migration0008Reports.js';
import { Migration0010Passkeys } from '../migrations/Migration0010Passkeys.js';
import { Migration0012Profile } from '../migrations/Migration0012Profile.js';
import { Migration0013Phone } from '../migrations/Migration0013Phone.js';
import { Migration0016NotificationFacts } from '../migrations/Migration0016NotificationFacts.js';
import { Migration0018Avatars } from '../migrations/Migration0018Avatars.js';
import { Migration0017ExternalIdentities } from '../migrations/Migration0017ExternalIdentities.js';
import { Migration0019ReplyReports } from '../migrations/Migration0019ReplyReports.js';
import { Migration0020AccountLog } from '../migrations/Migration0020AccountLog.js';
import { Migration0021MailErrors } from '../migrations/Migration0021MailErrors.js';
import { User } from './account/user.entity.js';
import { IdentityModule } from './app.module.js';
import { IdentityConfig } from './config.js';
import { EmailChange } from './email-change/email-change.entity.js';
import { Mail } from './mail/mail.entity.js';
import { Session } from './session/session.entity.js';
import { SigningKey } from './signing-key/signing-key.entity.js';

/** For `roost admin create`, `roost users erase` and `roost signing-keys rotate`, which run in their own process. */
export { Register } from './registration/registration.dto.js';
export { OperatorErasureService } from './erasure/operator-erasure.service.js';
export { SigningKeyService } from './signing-key/signing-key.service.js';
export { AdministratorService } from './registration/administrator.service.js';

export const identity = defineService({
  name: 'identity',
  port: 3001,
  description: 'Users, sessions, roles and the keys that sign access tokens',
  module: IdentityModule,
  config: IdentityConfig,
  entities: [User, Session, Mail, SigningKey, EmailChange],
  migrations: [
    Migration0001Identity,
    Migration0002PayoutNotifications,
    Migration0004Operators,
    Migration0006LiveEvents,
    Migration0003Erasure,
    Migration0000AccountErasure,
    Migration0000AccountExport,
    Migration0007Exports,
    Migration0008Reports,
    Migration0010Passkeys,
    Migration0012Profile,
    Migration0013Phone,
    Migration0016NotificationFacts,
    Migration0018Avatars,
    Migration0017ExternalIdentities,
    Migration0019ReplyReports,
    Migration0020AccountLog,
    Migration0021MailErrors,
  ],
  projections: { 'listings.listing': ['listing_name'] },
  queue: true,
});
