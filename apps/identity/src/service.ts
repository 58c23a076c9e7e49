import { defineService } from '@roost/service';
import { Migration0001Identity } from '../migrations/Migration0001Identity.js';
import { Migration0002MailDelivery } from '../migrations/Migration0002MailDelivery.js';
import { Migration0003SecondFactor } from '../migrations/Migration0003SecondFactor.js';
import { Migration0004EmailChange } from '../migrations/Migration0004EmailChange.js';
import { Migration0005Notification } from '../migrations/Migration0005Notification.js';
import { Migration0006MessageMail } from '../migrations/Migration0006MessageMail.js';
import { IdentityModule } from './app.module.js';
import { IdentityConfig } from './config.js';
import { EmailChange } from './email-change/email-change.entity.js';
import { Mail } from './mail/mail.entity.js';
import { Session } from './session/session.entity.js';
import { SigningKey } from './signing-key/signing-key.entity.js';
import { User } from './user/user.entity.js';

/** For `roost admin create`, in a process of its own. */
export { Register } from './registration/registration.dto.js';
export { Administrators } from './user/administrators.service.js';

export const identity = defineService({
  name: 'identity',
  port: 3001,
  description: 'Users, sessions, roles and the keys that sign access tokens',
  module: IdentityModule,
  config: IdentityConfig,
  entities: [User, Session, Mail, SigningKey, EmailChange],
  migrations: [
    Migration0001Identity,
    Migration0002MailDelivery,
    Migration0003SecondFactor,
    Migration0004EmailChange,
    Migration0005Notification,
    Migration0006MessageMail,
  ],
  projections: {
    'listings.listing': ['listing_name'],
  },
  queue: true,
});
