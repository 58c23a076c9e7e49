import { Inject, Injectable } from '@nestjs/common';
import {
  type ClientPage,
  CONFIG,
  type Config,
  fillTemplate,
  invalidField,
  parseClientUrls,
} from '@roost/platform';
import type { PaymentsConfig } from '../config.js';
import { allowedReturnUrl, type AllowedOrigins } from './domain/return-url.js';

/** The pages of the client that a guest returns to after the bank's page. */
@Injectable()
export class ReturnUrls {
  private readonly allowed: AllowedOrigins;
  private readonly bookingPage: string | null;

  constructor(@Inject(CONFIG) config: Config<typeof PaymentsConfig>) {
    const templates = parseClientUrls(config.CLIENT_URLS) ?? new Map<ClientPage, string>();
    this.bookingPage = templates.get('booking') ?? null;
    this.allowed = {
      origins: [...config.CORS_ORIGINS, ...[...templates.values()].map((url) => new URL(url).origin)],
      development: config.ROOST_ENV === 'development',
    };
  }

  /**
   * The page for a confirmation: `requested`, otherwise the client's page of the booking, if there is a template. Throws
   * 400 for a URL of another origin.
   */
  select(requested: string | undefined): (bookingId: string) => string | null {
    if (requested === undefined) return (bookingId) => this.pageOf(bookingId);
    const url = allowedReturnUrl(requested, this.allowed);
    if (url === null) {
      throw invalidField(
        '/returnUrl',
        'Must be a URL of a client of this marketplace: its origin is not allowed',
      );
    }
    return () => url;
  }

  /** The client's page of a booking, if there is a template. */
  pageOf(bookingId: string): string | null {
    return this.bookingPage && fillTemplate(this.bookingPage, { bookingId });
  }
}
