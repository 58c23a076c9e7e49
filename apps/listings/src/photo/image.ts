import { MAX_PIXELS, type RenderedImage, renderUpload, type Upload } from '@roost/images';
import sharp from 'sharp';

const DISPLAY_SIDE = 2048;
const DISPLAY_QUALITY = 82;
const VARIANT_QUALITY = 78;
/** For phones, tablets and screens, in pixels. */
const VARIANT_WIDTHS = [320, 640, 1280, 2048];

/** Encodes the pixels of an upload as an upright JPEG of at most 2048 × 2048. Throws as `renderUpload`. */
export function renderDisplay(upload: Upload): Promise<RenderedImage> {
  return renderUpload(upload, (image) =>
    image
      .resize(DISPLAY_SIDE, DISPLAY_SIDE, { fit: 'inside', withoutEnlargement: true })
      .jpeg({ quality: DISPLAY_QUALITY, progressive: true }),
  );
}

/** The widths of the variants of a photo, in pixels: standard widths below its own, and its own. */
export function variantWidths(width: number): number[] {
  return [...VARIANT_WIDTHS.filter((standard) => standard < width), width];
}

/** Renders a WebP from the JPEG of `renderDisplay`. Deterministic: equal input produces equal bytes. */
export function renderVariant(display: Buffer, width: number): Promise<Buffer> {
  return sharp(display, { limitInputPixels: MAX_PIXELS, sequentialRead: true })
    .resize({ width, withoutEnlargement: true })
    .webp({ quality: VARIANT_QUALITY, effort: 3 })
    .timeout({ seconds: 20 })
    .toBuffer();
}
