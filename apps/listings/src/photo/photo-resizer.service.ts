import { buffer } from 'node:stream/consumers';
import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { LOGGER } from '@roost/platform';
import type { Logger } from 'pino';
import { PageInvalidation } from '../cache/page-invalidation.js';
import { DISPLAY, variantName } from '../listing/listing-photo.dto.js';
import { renderVariant, variantWidths } from './image.js';
import { PhotoFilesService } from './photo-files.service.js';
import {
  findPhotosWithoutVariants,
  findUnresizedWidth,
  type PhotoRef,
  storeWidths,
} from './photo.queries.js';

/**
 * Renders the variants of a photo from its JPEG. The row of the listing is updated after the files are stored.
 * Idempotent: a second run, also in another replica at the same time, writes the same files and the same row.
 */
@Injectable()
export class PhotoResizerService {
  readonly #running = new Map<string, Promise<void>>();

  constructor(
    private readonly em: EntityManager,
    private readonly files: PhotoFilesService,
    private readonly transactions: Transactions,
    private readonly pages: PageInvalidation,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  findDue(limit: number): Promise<PhotoRef[]> {
    return findPhotosWithoutVariants(this.em.fork(), limit);
  }

  /** A job and the sweeper may request the same photo at once; both get the same run. */
  resize(ref: PhotoRef): Promise<void> {
    const running = this.#running.get(ref.photoId);
    if (running) return running;
    const run = this.render(ref).finally(() => this.#running.delete(ref.photoId));
    this.#running.set(ref.photoId, run);
    return run;
  }

  private async render(ref: PhotoRef): Promise<void> {
    const em = this.em.fork();
    const width = await findUnresizedWidth(em, ref);
    if (width === null) return;
    const widths = variantWidths(width);
    const display = await this.files.get(ref.photoId, DISPLAY);
    if (display === null) {
      // Without its file the photo can never be resized, so it must not stay due.
      this.logger.error(ref, 'photo file is missing; resizing abandoned');
      await this.store(ref, []);
      return;
    }
    const image = await buffer(display.stream);
    for (const variantWidth of widths) {
      const variant = await renderVariant(image, variantWidth);
      await this.files.put(ref.photoId, variantName(variantWidth), variant);
    }
    if (await this.store(ref, widths)) return;
    // The photo was deleted while it was resized, so no other code deletes these files.
    await this.files.delete(ref.photoId, widths.map(variantName));
  }

  /** Read committed, because no value depends on a row that another transaction may change. */
  private store(ref: PhotoRef, widths: readonly number[]): Promise<boolean> {
    return this.transactions.run(
      async (em) => {
        await this.pages.invalidateListings(em, [ref.listingId]);
        return storeWidths(em, ref, widths);
      },
      { isolation: 'read committed' },
    );
  }
}
