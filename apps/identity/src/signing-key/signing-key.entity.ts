import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** The public half of an RSA key, as published in the key set. */
export interface PublicJwk {
  kty: string;
  kid: string;
  use: 'sig';
  alg: 'RS256';
  n: string;
  e: string;
}

@Entity()
export class SigningKey {
  /** The JWK thumbprint of the public half (RFC 7638). */
  @PrimaryKey({ type: 'text' })
  kid!: string;

  @Property({ type: 'json', columnType: 'jsonb' })
  publicJwk!: PublicJwk;

  /** Encrypted; null for a key from the configuration. */
  @Property({ type: 'text', nullable: true })
  privateSealed: string | null = null;

  @Property({ type: 'datetime', columnType: 'timestamptz' })
  createdAt!: Date;

  /** The key is published when it is created and signs from this instant, when every service has read it. */
  @Property({ type: 'datetime', columnType: 'timestamptz' })
  activeFrom!: Date;

  /** The key leaves the key set at this instant, when every token that it signed has expired. */
  @Property({ type: 'datetime', columnType: 'timestamptz', nullable: true })
  retireAt: Date | null = null;
}
