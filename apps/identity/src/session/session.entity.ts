import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';
import type { LogInMethod } from '../credential/domain/log-in-method.js';

export type SessionEnd = 'logout' | 'revoked' | 'reuse' | 'password' | 'suspended';

/** A log-in and its family of refresh tokens. */
@Entity()
export class Session {
  @PrimaryKey({ type: 'uuid' })
  id!: string;

  @Property({ type: 'uuid' })
  userId!: string;

  /** The session is active only while this equals the user's `sessionEpoch`. */
  @Property({ type: 'integer' })
  epoch!: number;

  @Property({ type: 'text', nullable: true })
  userAgent: string | null = null;

  /** The network of the log-in. With the user agent it identifies a known device. */
  @Property({ type: 'text' })
  network!: string;

  /** Null for a session that an earlier version opened. */
  @Property({ type: 'text', nullable: true })
  method: LogInMethod | null = null;

  @Property({ type: 'boolean' })
  mfaPassed!: boolean;

  /** When the user last proved their identity with a password, a code, a passkey or an account of a provider. */
  @Property({ type: 'datetime', columnType: 'timestamptz' })
  authTime!: Date;

  @Property({ type: 'datetime', columnType: 'timestamptz' })
  createdAt!: Date;

  @Property({ type: 'datetime', columnType: 'timestamptz' })
  lastUsedAt!: Date;

  @Property({ type: 'datetime', columnType: 'timestamptz' })
  expiresAt!: Date;

  @Property({ type: 'datetime', columnType: 'timestamptz', nullable: true })
  revokedAt: Date | null = null;

  @Property({ type: 'text', nullable: true })
  revokedFor: SessionEnd | null = null;
}
