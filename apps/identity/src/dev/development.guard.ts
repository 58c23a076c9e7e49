import { type CanActivate, Inject, Injectable } from '@nestjs/common';
import { CONFIG, Problem } from '@roost/platform';
import type { IdentityConfig } from '../config.js';

/** The routes do not exist in production: 404 `route.not_found`. */
@Injectable()
export class DevelopmentGuard implements CanActivate {
  constructor(@Inject(CONFIG) private readonly config: IdentityConfig) {}

  canActivate(): boolean {
    if (this.config.ROOST_ENV === 'production') throw new Problem('route.not_found');
    return true;
  }
}
