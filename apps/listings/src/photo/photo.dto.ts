import { Uuid } from '@roost/http';
import { z } from 'zod';
import type { StoredPhoto } from '../listing/listing.entity.js';

export const PhotoVariant = z.object({ width: z.int(), url: z.string() }).meta({ id: 'PhotoVariant' });

export const PhotoView = z
  .object({
    id: Uuid,
    url: z.string().meta({ description: 'A JPEG that every browser shows, there from the first moment' }),
    width: z.int(),
    height: z.int(),
    variants: z.array(PhotoVariant).meta({
      description: 'The same as WebP, narrowest first, fit for srcset; empty until it has been resized',
    }),
  })
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
export const RenditionName = z.string().regex(/^(display\.jpg|[1-9]\d{0,3}\.webp)$/, {
  error: 'Must be display.jpg or a width, such as 640.webp',
});
export type RenditionName = z.output<typeof RenditionName>;

export const variantName = (width: number): RenditionName => `${width}.webp`;

export function toPhotoView(photo: StoredPhoto, publicUrl: string): PhotoView {
  const { id, width, height, widths = [] } = photo;
  const at = (name: RenditionName) => `${publicUrl}/v1/photos/${id}/${name}`;
  const variants = widths.map((wide) => ({ width: wide, url: at(variantName(wide)) }));
  return { id, url: at(DISPLAY), width, height, variants };
}

export function photoUrl(photoId: string, publicUrl: string): string {
  return `${publicUrl}/v1/photos/${photoId}/${DISPLAY}`;
}
