import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { FileStore, LOGGER } from '@roost/platform';
import type { Logger } from 'pino';
import { buffer } from 'node:stream/consumers';
import { DISPLAY, type RenditionName, variantName } from './photo.dto.js';
import { renderVariant, variantWidths } from './photo.image.js';
import { duePhotos, markResized, widthOf } from './photo.queries.js';

export interface PhotoPlace {
  listingId: string;
  photoId: string;
}

export const fileKey = (photoId: string, name: RenditionName) => `photos/${photoId}/${name}`;

/**
 * Makes the variants of a photo out of its display JPEG. What is done stands in the listing's row, written after the
 * files: doing it again, or in two replicas at once, writes the same files and the same row.
 */
@Injectable()
export class PhotoResizing {
  readonly #running = new Map<string, Promise<void>>();

  constructor(
    private readonly em: EntityManager,
    private readonly files: FileStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  due(limit: number): Promise<PhotoPlace[]> {
    return duePhotos(this.em.fork(), limit);
  }

  /** The sweeper and a job may mean the same photo. */
  resize(place: PhotoPlace): Promise<void> {
    const running = this.#running.get(place.photoId);
    if (running) return running;
    const run = this.make(place).finally(() => this.#running.delete(place.photoId));
    this.#running.set(place.photoId, run);
    return run;
  }

  async forget(photoId: string, names: readonly RenditionName[]): Promise<void> {
    try {
      for (const name of names) await this.files.delete(fileKey(photoId, name));
    } catch (error) {
      this.logger.warn({ photoId, err: error }, 'A photo file was left behind');
    }
  }

  private async make(place: PhotoPlace): Promise<void> {
    const em = this.em.fork();
    const width = await widthOf(em, place);
    if (width === null) return;
    const widths = variantWidths(width);
    const display = await this.files.get(fileKey(place.photoId, DISPLAY));
    if (display === null) {
      this.logger.error(place, 'A photo has lost its file');
      await markResized(em, place, []);
      return;
    }
    const image = await buffer(display.stream);
    for (const wide of widths) {
      await this.files.put(fileKey(place.photoId, variantName(wide)), await renderVariant(image, wide));
    }
    if (await markResized(em, place, widths)) return;
    // Deleted in the meantime: the files made since then have nobody to delete them.
    await this.forget(place.photoId, [DISPLAY, ...widths.map(variantName)]);
  }
}
