import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import {
  type AuthUser,
  CONFIG,
  type Config,
  FileStore,
  Idempotency,
  invalidField,
  LOGGER,
  Problem,
  type StoredFile,
  type UploadedFile,
  uuidv7,
} from '@roost/platform';
import type { Logger } from 'pino';
import type { ListingsConfig } from '../config.js';
import type { Listing } from '../listing/listing.entity.js';
import { assign, ListingService, ownListing } from '../listing/listing.service.js';
import { DISPLAY, MOST_PHOTOS, type PhotoOrder, type PhotoView, toPhotoView } from './photo.dto.js';
import { renderDisplay } from './photo.image.js';

@Injectable()
export class PhotoService {
  constructor(
    private readonly em: EntityManager,
    private readonly listings: ListingService,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly files: FileStore,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** The file lies in the store before a row names it; a refused upload takes its file along. */
  async add(host: AuthUser, listingId: string, upload: UploadedFile): Promise<PhotoView> {
    refuseMore(await ownListing(this.em.fork(), host, listingId));
    const { data, width, height } = await renderDisplay(upload.bytes);
    const photo = { id: uuidv7(), width, height };
    await this.files.put(fileKey(photo.id), data);
    try {
      return await this.idempotency.answer(async (em) => {
        await this.listings.change(em, host, listingId, 'host', (listing) => {
          refuseMore(listing);
          listing.photos = [...listing.photos, photo];
        });
        return toPhotoView(photo, this.config.PUBLIC_URL);
      });
    } catch (error) {
      await this.forget(photo.id);
      throw error;
    }
  }

  async order(host: AuthUser, listingId: string, { photoIds }: PhotoOrder): Promise<void> {
    await this.transactions.run((em) =>
      this.listings.change(em, host, listingId, 'host', (listing) => {
        const byId = new Map(listing.photos.map((photo) => [photo.id, photo]));
        const ordered = [...new Set(photoIds)].flatMap((id) => byId.get(id) ?? []);
        if (ordered.length !== byId.size || photoIds.length !== byId.size) {
          throw invalidField('/photoIds', 'Must name every photo of the listing once');
        }
        assign(listing, { photos: ordered });
      }),
    );
  }

  async remove(host: AuthUser, listingId: string, photoId: string): Promise<void> {
    await this.transactions.run(async (em) => {
      await this.listings.change(em, host, listingId, 'host', (listing) => {
        const rest = listing.photos.filter(({ id }) => id !== photoId);
        if (rest.length === listing.photos.length) throw new Problem('photo.not_found');
        listing.photos = rest;
      });
      this.transactions.afterCommit(() => void this.forget(photoId));
    });
  }

  async rendition(photoId: string): Promise<StoredFile> {
    const file = await this.files.get(fileKey(photoId));
    if (file === null) throw new Problem('photo.not_found');
    return file;
  }

  private async forget(photoId: string): Promise<void> {
    try {
      await this.files.delete(fileKey(photoId));
    } catch (error) {
      this.logger.warn({ photoId, err: error }, 'A photo file was left behind');
    }
  }
}

function refuseMore(listing: Listing): void {
  if (listing.photos.length >= MOST_PHOTOS) {
    throw new Problem('photo.limit_reached', `A listing has at most ${MOST_PHOTOS} photos`);
  }
}

const fileKey = (photoId: string) => `photos/${photoId}/${DISPLAY}`;
