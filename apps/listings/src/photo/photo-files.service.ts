import { Inject, Injectable } from '@nestjs/common';
import { FileStore, LOGGER, type StoredFile } from '@roost/platform';
import type { Logger } from 'pino';
import { DISPLAY, type RenditionName, variantName } from '../listing/listing-photo.dto.js';
import { variantWidths } from './image.js';

/** The files of photos: one per rendition, stored as `photos/<photo id>/<rendition>`. */
@Injectable()
export class PhotoFilesService {
  constructor(
    private readonly files: FileStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Null for a missing file. */
  get(photoId: string, name: RenditionName): Promise<StoredFile | null> {
    return this.files.get(fileKey(photoId, name));
  }

  put(photoId: string, name: RenditionName, content: Buffer): Promise<void> {
    return this.files.put(fileKey(photoId, name), content);
  }

  /** Deletes the JPEG and these variants. Never throws: a remaining file is not referenced by any row. */
  async delete(photoId: string, variants: readonly RenditionName[] = []): Promise<void> {
    try {
      await this.deleteOrThrow(photoId, variants);
    } catch (error) {
      this.logger.warn({ photoId, err: error }, 'photo file not deleted');
    }
  }

  /**
   * Deletes all files of photos. Call it before the commit that deletes the photos: no row would refer to a file whose deletion
   * failed. A repeated deletion has no effect.
   */
  async deleteAll(photos: readonly { id: string; width: number }[]): Promise<void> {
    for (const { id, width } of photos) await this.deleteOrThrow(id, variantWidths(width).map(variantName));
  }

  private async deleteOrThrow(photoId: string, variants: readonly RenditionName[]): Promise<void> {
    for (const name of [DISPLAY, ...variants]) await this.files.delete(fileKey(photoId, name));
  }
}

const fileKey = (photoId: string, name: RenditionName) => `photos/${photoId}/${name}`;
