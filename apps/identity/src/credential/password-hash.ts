import { Injectable, type OnModuleInit } from '@nestjs/common';
import argon2 from 'argon2';
import { randomToken } from '@roost/platform';
import { canonicalPassword } from './domain/password-policy.js';

const ARGON2ID = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

@Injectable()
export class PasswordHash implements OnModuleInit {
  #nobodys = '';

  async onModuleInit(): Promise<void> {
    this.#nobodys = await this.of(randomToken());
  }

  of(password: string): Promise<string> {
    return argon2.hash(canonicalPassword(password), ARGON2ID);
  }

  /** Takes as long where there is no password to compare with as where there is one. */
  async matches(hash: string | null, password: string): Promise<boolean> {
    const same = await argon2.verify(hash ?? this.#nobodys, canonicalPassword(password));
    return hash !== null && same;
  }
}
