import { Uuid } from '@roost/http';
import { z } from 'zod';
import type { StoredPhoto } from './listing.entity.js';

export const PhotoVariant = z.object({ width: z.int(), url: z.string() }).meta({ id: 'PhotoVariant' });

export const PhotoView = z
  .object({
    id: Uuid,
    url: z.string().meta({ description: 'A JPEG, available as soon as the upload succeeds.' }),
    width: z.int(),
    height: z.int(),
    variants: z.array(PhotoVariant).meta({
      description: 'WebP versions in ascending width, for use in `srcset`. Empty until they are rendered.',
    }),
  })
  .meta({ id: 'Photo' });
export type PhotoView = z.output<typeof PhotoView>;

/** The file name of the JPEG. The content of a rendition never changes. */
export const DISPLAY = 'display.jpg';
export const RenditionName = z.string().regex(/^(display\.jpg|[1-9]\d{0,3}\.webp)$/, {
  error: 'Must be display.jpg or a width, such as 640.webp',
});
export type RenditionName = z.output<typeof RenditionName>;

export const variantName = (width: number): RenditionName => `${width}.webp`;

export function toPhotoView(photo: StoredPhoto, publicUrl: string): PhotoView {
  const { id, width, height, widths = [] } = photo;
  const variants = widths.map((variantWidth) => ({
    width: variantWidth,
    url: renditionUrl(id, variantName(variantWidth), publicUrl),
  }));
  return { id, url: photoUrl(id, publicUrl), width, height, variants };
}

export function photoUrl(photoId: string, publicUrl: string): string {
  return renditionUrl(photoId, DISPLAY, publicUrl);
}

function renditionUrl(photoId: string, name: RenditionName, publicUrl: string): string {
  return `${publicUrl}/v1/photos/${photoId}/${name}`;
}
