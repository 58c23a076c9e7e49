import { Inject, Injectable } from '@nestjs/common';
import { type ClientPage, CONFIG, fillTemplate, parseClientUrls } from '@roost/platform';
import type { IdentityConfig } from '../config.js';

/** The ids and tokens of the placeholders in the templates of the client's pages. */
export type PageValues = Partial<Record<'bookingId' | 'listingId' | 'threadId' | 'token', string | null>>;

/** The URLs of the client's pages. */
@Injectable()
export class ClientLinks {
  private readonly templates: ReadonlyMap<ClientPage, string>;

  constructor(@Inject(CONFIG) config: Pick<IdentityConfig, 'CLIENT_URLS'>) {
    this.templates = parseClientUrls(config.CLIENT_URLS) ?? new Map<ClientPage, string>();
  }

  /** Null if the page has no template, or if a placeholder of the template has no value. */
  to(page: ClientPage, values: PageValues = {}): string | null {
    const template = this.templates.get(page);
    if (template === undefined) return null;
    const known = Object.entries(values).filter((entry): entry is [string, string] => entry[1] != null);
    const url = fillTemplate(template, Object.fromEntries(known));
    // A value is encoded, so a brace is one of a placeholder.
    return url.includes('{') ? null : url;
  }
}
