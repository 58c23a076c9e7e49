import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import type { AuthUser, UploadedFile } from '@roost/http';
import { Transactions } from '@roost/messaging';
import { Problem, SystemClock, uuidv7 } from '@roost/platform';
import { recordAccountAction } from '../account/account-log.queries.js';
import type { User } from '../account/user.entity.js';
import { SessionService } from '../session/session.service.js';
import { renderAvatar } from './avatar-image.js';
import { deleteAvatar, findAvatar, storeAvatar } from './avatar.queries.js';

/** The picture that a user shows in their public profile. No other service shows it, so its changes publish no event. */
@Injectable()
export class AvatarService {
  constructor(
    private readonly transactions: Transactions,
    private readonly sessions: SessionService,
    private readonly clock: SystemClock,
    private readonly em: EntityManager,
  ) {}

  async replace(auth: AuthUser, upload: UploadedFile): Promise<User> {
    // Before decoding, which is slow.
    await this.sessions.requireUser(auth);
    const content = await renderAvatar(upload);
    return this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      const id = uuidv7();
      user.avatarId = id;
      // Concurrent changes of the account, such as its erasure, conflict here.
      await em.flush();
      await storeAvatar(em, { id, userId: user.id, content, createdAt: this.clock.now() });
      await this.record(em, user);
      return user;
    });
  }

  /** Does nothing if the user has no avatar. */
  remove(auth: AuthUser): Promise<User> {
    return this.transactions.run(async (em) => {
      const user = await this.sessions.requireUser(auth, em);
      if (user.avatarId === null) return user;
      user.avatarId = null;
      await em.flush();
      await deleteAvatar(em, user.id);
      await this.record(em, user);
      return user;
    });
  }

  /** Returns a WebP. The avatar of a suspended user is not served until the user is reinstated. */
  async content(avatarId: string): Promise<Buffer> {
    const content = await findAvatar(this.em.fork(), avatarId);
    if (content === null) throw new Problem('avatar.not_found');
    return content;
  }

  private record(em: EntityManager, { id: userId }: User): Promise<void> {
    const details = { fields: ['avatar'] };
    return recordAccountAction(em, { userId, action: 'profile.changed', details }, this.clock.now());
  }
}
