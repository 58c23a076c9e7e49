import { EntityManager } from '@mikro-orm/postgresql';
import { Inject, Injectable } from '@nestjs/common';
import { Transactions } from '@roost/messaging';
import { type AuthUser, Idempotency, type UploadedFile } from '@roost/http';
import { CONFIG, type Config, invalidField, Problem, type StoredFile, uuidv7 } from '@roost/platform';
import type { ListingsConfig } from '../config.js';
import { assignChanged } from '../listing/assign-changed.js';
import {
  DISPLAY,
  type PhotoView,
  type RenditionName,
  toPhotoView,
  variantName,
} from '../listing/listing-photo.dto.js';
import type { Listing } from '../listing/listing.entity.js';
import { findOwnListing, ListingService, type ListingTarget } from '../listing/listing.service.js';
import { renderDisplay, variantWidths } from './image.js';
import { isPublicPhoto } from './photo.queries.js';
import { PhotoFilesService } from './photo-files.service.js';
import { MAX_PHOTOS, type PhotoOrder } from './photo.dto.js';
import { PhotoQueue } from './photo.queue.js';

@Injectable()
export class PhotoService {
  constructor(
    private readonly em: EntityManager,
    private readonly listings: ListingService,
    private readonly transactions: Transactions,
    private readonly idempotency: Idempotency,
    private readonly files: PhotoFilesService,
    private readonly queue: PhotoQueue,
    @Inject(CONFIG) private readonly config: Config<typeof ListingsConfig>,
  ) {}

  /** Stores the file before a row references it, and deletes it if the request fails. */
  async add(host: AuthUser, listingId: string, upload: UploadedFile): Promise<PhotoView> {
    requireRoomForPhoto(await findOwnListing(this.em.fork(), host, listingId));
    const { data, width, height } = await renderDisplay(upload);
    const photo = { id: uuidv7(), width, height };
    await this.files.put(photo.id, DISPLAY, data);
    try {
      return await this.idempotency.runOnce(async (em) => {
        await this.listings.change(em, target(host, listingId), (listing) => {
          requireRoomForPhoto(listing);
          listing.photos = [...listing.photos, photo];
        });
        this.transactions.afterCommit(() => this.queue.enqueueResize({ listingId, photoId: photo.id }));
        return toPhotoView(photo, this.config.PUBLIC_URL);
      });
    } catch (error) {
      await this.files.delete(photo.id);
      throw error;
    }
  }

  async order(host: AuthUser, listingId: string, { photoIds }: PhotoOrder): Promise<void> {
    await this.transactions.run((em) =>
      this.listings.change(em, target(host, listingId), (listing) => {
        const byId = new Map(listing.photos.map((photo) => [photo.id, photo]));
        const ordered = [...new Set(photoIds)].flatMap((id) => byId.get(id) ?? []);
        if (ordered.length !== byId.size || photoIds.length !== byId.size) {
          throw invalidField('/photoIds', 'Must contain every photo of the listing exactly once');
        }
        assignChanged(listing, { photos: ordered });
      }),
    );
  }

  async remove(host: AuthUser, listingId: string, photoId: string): Promise<void> {
    await this.transactions.run(async (em) => {
      await this.listings.change(em, target(host, listingId), (listing) => {
        const photo = listing.photos.find(({ id }) => id === photoId);
        if (photo === undefined) throw new Problem('photo.not_found');
        listing.photos = listing.photos.filter(({ id }) => id !== photoId);
        const variants = variantWidths(photo.width).map(variantName);
        this.transactions.afterCommit(() => void this.files.delete(photoId, variants));
      });
    });
  }

  /** The route is public, so photos of a suspended listing are not served, not even to its host, until it is reinstated. */
  async rendition(photoId: string, name: RenditionName): Promise<StoredFile> {
    if (!(await isPublicPhoto(this.em.fork(), photoId))) throw new Problem('photo.not_found');
    const file = await this.files.get(photoId, name);
    if (file === null) throw new Problem('photo.not_found');
    return file;
  }
}

const target = (host: AuthUser, id: string): ListingTarget => ({ host, id, representation: 'host' });

function requireRoomForPhoto(listing: Listing): void {
  if (listing.photos.length >= MAX_PHOTOS) {
    throw new Problem('photo.limit_reached', `A listing can have at most ${MAX_PHOTOS} photos`);
  }
}
