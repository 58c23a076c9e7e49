import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

export const userRoles = ['guest', 'host', 'admin'] as const;
export type Role = (typeof userRoles)[number];
export const userStatuses = ['active', 'suspended', 'erased'] as const;
export type UserStatus = (typeof userStatuses)[number];

@Entity({ tableName: 'user_account' })
export class User {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'integer', version: true })
  version!: number;

  @Property({ type: 'text' })
  email!: string;

  @Property({ type: 'text' })
  displayName!: string;

  @Property({ type: 'text' })
  locale!: string;

  /** As the user wrote it. */
  @Property({ type: 'text' })
  bio = '';

  /** `bio` with masked contact details. */
  @Property({ type: 'text' })
  publicBio = '';

  /** Of the row in `avatar`. */
  @Property({ type: 'uuid', nullable: true })
  avatarId: string | null = null;

  /** The languages that the user speaks, the preferred one first. */
  @Property({ type: 'array', columnType: 'text[]' })
  languages: string[] = [];

  @Property({ type: 'array', columnType: 'text[]' })
  roles!: Role[];

  @Property({ type: 'text' })
  status!: UserStatus;

  @Property({ type: 'datetime', columnType: 'timestamptz', nullable: true })
  emailVerifiedAt: Date | null = null;

  /** In E.164, verified. */
  @Property({ type: 'text', nullable: true })
  phone: string | null = null;

  /** Null until its first password reset for an account that was imported, or created by a log-in with a provider. */
  @Property({ type: 'text', nullable: true })
  passwordHash: string | null = null;

  /** Demo accounts log in without a second factor; never set in production. */
  @Property({ type: 'boolean' })
  mfaExempt = false;

  @Property({ type: 'boolean' })
  mfaEnabled = false;

  /** Incremented when all sessions end, so that a session that is opened concurrently has an outdated epoch. */
  @Property({ type: 'integer' })
  sessionEpoch = 0;

  @Property({ type: 'datetime', columnType: 'timestamptz' })
  createdAt!: Date;
}
