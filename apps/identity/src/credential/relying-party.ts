import { Inject, Injectable } from '@nestjs/common';
import { CONFIG, isAllowedOrigin, StartError } from '@roost/platform';
import type { IdentityConfig } from '../config.js';

/** The domain that passkeys are created for, and the pages and apps that may use them. */
@Injectable()
export class RelyingParty {
  readonly id: string;
  readonly name: string;
  readonly #origins: readonly string[];
  readonly #development: boolean;

  constructor(
    @Inject(CONFIG)
    config: Pick<
      IdentityConfig,
      'PASSKEY_ORIGINS' | 'PASSKEY_RP_ID' | 'PASSKEY_RP_NAME' | 'PUBLIC_URL' | 'ROOST_ENV'
    >,
  ) {
    const { hostname, origin } = new URL(config.PUBLIC_URL);
    this.id = config.PASSKEY_RP_ID ?? hostname;
    this.name = config.PASSKEY_RP_NAME;
    this.#origins = config.PASSKEY_ORIGINS.length > 0 ? config.PASSKEY_ORIGINS : [origin];
    this.#development = config.ROOST_ENV !== 'production';
    const foreign = this.#origins.find((each) => !this.isWithin(each));
    if (foreign !== undefined)
      throw new StartError(
        `PASSKEY_ORIGINS (by default the origin of PUBLIC_URL) contains ${foreign}, but passkeys work only on the domain ${this.id} (PASSKEY_RP_ID, by default the host of PUBLIC_URL) and its subdomains.`,
      );
  }

  /** Whether passkeys may be used on pages of this origin. */
  allows(origin: string): boolean {
    return isAllowedOrigin(origin, { origins: this.#origins, development: this.#development });
  }

  /** The origin of an app has no host. */
  private isWithin(origin: string): boolean {
    const { hostname } = new URL(origin);
    return hostname === '' || hostname === this.id || hostname.endsWith(`.${this.id}`);
  }
}
