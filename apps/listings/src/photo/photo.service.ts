import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { type AuthUser, Idempotency, type UploadedFile } from '@roost/http';
import {
  CONFIG,
  type Config,
  FileStore,
  invalidField,
  Problem,
  type StoredFile,
  uuidv7,
} from '@roost/platform';
import type { ListingsConfig } from '../config.js';
import type { Listing } from '../listing/listing.entity.js';
import { assign, ListingService, ownListing } from '../listing/listing.service.js';
import {
  DISPLAY,
  MOST_PHOTOS,
  type PhotoOrder,
  type PhotoView,
  type RenditionName,
  toPhotoView,
  variantName,
} from './photo.dto.js';
import { renderDisplay, variantWidths } from './photo.image.js';
import { PhotoQueue } from './photo.queue.js';
import { fileKey, PhotoResizing } from './photo.resizing.js';

@Injectable()
export class PhotoService {
  constructor(
    private readonly em: EntityManager,
    private readonly listings: ListingService,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly files: FileStore,
    private readonly queue: PhotoQueue,
    private readonly resizing: PhotoResizing,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
  ) {}

  /** The file lies in the store before a row names it; a refused upload takes its file along. */
  async add(host: AuthUser, listingId: string, upload: UploadedFile): Promise<PhotoView> {
    refuseMore(await ownListing(this.em.fork(), host, listingId));
    const { data, width, height } = await renderDisplay(upload.bytes);
    const photo = { id: uuidv7(), width, height };
    await this.files.put(fileKey(photo.id, DISPLAY), data);
    try {
      return await this.idempotency.answer(async (em) => {
        await this.listings.change(em, host, listingId, 'host', (listing) => {
          refuseMore(listing);
          listing.photos = [...listing.photos, photo];
        });
        this.transactions.afterCommit(() => this.queue.resize({ listingId, photoId: photo.id }));
        return toPhotoView(photo, this.config.PUBLIC_URL);
      });
    } catch (error) {
      await this.resizing.forget(photo.id, [DISPLAY]);
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
        const photo = listing.photos.find(({ id }) => id === photoId);
        if (photo === undefined) throw new Problem('photo.not_found');
        listing.photos = listing.photos.filter(({ id }) => id !== photoId);
        const names = [DISPLAY, ...variantWidths(photo.width).map(variantName)];
        this.transactions.afterCommit(() => void this.resizing.forget(photoId, names));
      });
    });
  }

  async rendition(photoId: string, name: RenditionName): Promise<StoredFile> {
    const file = await this.files.get(fileKey(photoId, name));
    if (file === null) throw new Problem('photo.not_found');
    return file;
  }
}

function refuseMore(listing: Listing): void {
  if (listing.photos.length >= MOST_PHOTOS) {
    throw new Problem('photo.limit_reached', `A listing has at most ${MOST_PHOTOS} photos`);
  }
}
