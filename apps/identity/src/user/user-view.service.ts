import { Inject, Injectable } from '@nestjs/common';
import { maskContacts } from '@roost/contacts';
import { CONFIG } from '@roost/platform';
import type { User } from '../account/user.entity.js';
import type { IdentityConfig } from '../config.js';
import type { Me, PublicProfile } from './user.dto.js';

/** A user as the API shows them: to themselves, and to everyone. */
@Injectable()
export class UserViewService {
  readonly #publicUrl: string;

  constructor(@Inject(CONFIG) { PUBLIC_URL }: Pick<IdentityConfig, 'PUBLIC_URL'>) {
    this.#publicUrl = PUBLIC_URL.replace(/\/$/, '');
  }

  me(user: User): Me {
    return {
      id: user.id,
      email: user.email,
      displayName: user.displayName,
      avatarUrl: this.#avatarUrl(user),
      locale: user.locale,
      bio: user.bio,
      hiddenInBio: user.bio === user.publicBio ? [] : maskContacts(user.bio).hidden,
      languages: user.languages,
      roles: user.roles,
      isHost: user.roles.includes('host'),
      emailVerified: user.emailVerifiedAt !== null,
      phone: user.phone,
      phoneVerified: user.phone !== null,
      mfaEnabled: user.mfaEnabled,
      createdAt: user.createdAt.toISOString(),
    };
  }

  publicProfile(user: User): PublicProfile {
    return {
      id: user.id,
      displayName: user.displayName,
      avatarUrl: this.#avatarUrl(user),
      bio: user.publicBio,
      languages: user.languages,
      isHost: user.roles.includes('host'),
      phoneVerified: user.phone !== null,
      createdAt: user.createdAt.toISOString(),
    };
  }

  #avatarUrl({ avatarId }: User): string | null {
    return avatarId === null ? null : `${this.#publicUrl}/v1/avatars/${avatarId}`;
  }
}
