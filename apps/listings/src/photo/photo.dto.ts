import { Uuid } from '@roost/platform';
import { z } from 'zod';
import type { StoredPhoto } from '../listing/listing.entity.js';

export const PhotoView = z
  .object({ id: Uuid, url: z.string(), width: z.int(), height: z.int() })
  .meta({ id: 'Photo' });
export type PhotoView = z.output<typeof PhotoView>;

export const MOST_PHOTOS = 50;

export const PhotoOrder = z
  .strictObject({
    photoIds: z.array(Uuid).max(MOST_PHOTOS).meta({ description: 'Every photo of the listing, once' }),
  })
  .meta({ id: 'PhotoOrder' });
export type PhotoOrder = z.output<typeof PhotoOrder>;

/** Renditions of one photo lie side by side under its id; what a path holds never changes. */
export const DISPLAY = 'display.jpg';
export const RenditionName = z.enum([DISPLAY]);
export type RenditionName = z.output<typeof RenditionName>;

export function toPhotoView(photo: StoredPhoto, publicUrl: string): PhotoView {
  return { id: photo.id, url: photoUrl(photo.id, publicUrl), width: photo.width, height: photo.height };
}

export function photoUrl(photoId: string, publicUrl: string): string {
  return `${publicUrl}/v1/photos/${photoId}/${DISPLAY}`;
}
