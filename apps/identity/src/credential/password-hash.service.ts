import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import argon2 from 'argon2';
import { CONFIG, randomToken } from '@roost/platform';
import type { IdentityConfig } from '../config.js';
import { canonicalPassword } from './domain/password-policy.js';

/** At least 19 MiB, 2 iterations, 1 lane: OWASP Password Storage Cheat Sheet. `memoryCost` is in KiB. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** The lowest cost that the library accepts: the tests hash thousands of passwords. */
const TEST_COST = { memoryCost: 1_024, timeCost: 2, parallelism: 1 };

/** Argon2id hashes of passwords. */
@Injectable()
export class PasswordHashService implements OnModuleInit {
  readonly #options: argon2.HashOptions;
  /** Compared with where there is no hash, so that both cases take the same time. */
  #placeholderHash = '';

  constructor(@Inject(CONFIG) config: Pick<IdentityConfig, 'ROOST_ENV'>) {
    this.#options = { type: argon2.argon2id, ...(config.ROOST_ENV === 'test' ? TEST_COST : COST) };
  }

  async onModuleInit(): Promise<void> {
    this.#placeholderHash = await this.hash(randomToken());
  }

  hash(password: string): Promise<string> {
    return argon2.hash(canonicalPassword(password), this.#options);
  }

  /** Whether the hash is one of this password. Takes the same time for null, which matches no password. */
  async verify(hash: string | null, password: string): Promise<boolean> {
    const matches = await argon2.verify(hash ?? this.#placeholderHash, canonicalPassword(password));
    return hash !== null && matches;
  }
}
