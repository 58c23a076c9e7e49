import { Entity, PrimaryKey, Property } from '@mikro-orm/decorators/legacy';

/** The public half of an RSA key, as it stands in the key set. */
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
  /** The thumbprint of the public half (RFC 7638). */
  @PrimaryKey({ type: 'text' })
  kid!: string;

  @Property({ type: 'json', columnType: 'jsonb' })
  publicJwk!: PublicJwk;

  /** Null when the private half comes from the configuration. */
  @Property({ type: 'text', nullable: true })
  privateSealed: string | null = null;

  @Property({ type: 'datetime', columnType: 'timestamptz' })
  createdAt!: Date;

  /** Published from its creation on, used from here on: by then every service has seen it. */
  @Property({ type: 'datetime', columnType: 'timestamptz' })
  activeFrom!: Date;

  /** Taken out of the set here: by then every token it signed has expired. */
  @Property({ type: 'datetime', columnType: 'timestamptz', nullable: true })
  retireAt: Date | null = null;
}
