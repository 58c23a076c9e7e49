import { Problem } from '@roost/platform';
import sharp from 'sharp';

/** The limit for decoding, in pixels. Above the resolution of common cameras. */
const MAX_PIXELS = 60_000_000;
const MAX_SIDE = 20_000;
const MIN_SIDE = 16;
const DISPLAY_SIDE = 2048;
const DISPLAY_QUALITY = 82;
const VARIANT_QUALITY = 78;
/** For phones, tablets and screens, in pixels. */
const VARIANT_WIDTHS = [320, 640, 1280, 2048];

export interface DisplayImage {
  data: Buffer;
  width: number;
  height: number;
}

// No cache, because images are rarely decoded twice. One thread, because each decoding thread retains its memory.
sharp.cache(false);
sharp.concurrency(1);

type Format = 'jpeg' | 'png' | 'webp' | 'avif';

/** Detects the format by content; the file name and the content type of the client are ignored. */
export function detectFormat(file: Buffer): Format | null {
  const ascii = (from: number, to: number) => file.toString('latin1', from, to);
  if (file.length < 16) return null;
  if (file[0] === 0xff && file[1] === 0xd8 && file[2] === 0xff) return 'jpeg';
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp';
  if (ascii(4, 8) === 'ftyp' && (ascii(8, 12) === 'avif' || ascii(8, 12) === 'avis')) return 'avif';
  return null;
}

/**
 * Decodes the upload and encodes its pixels as an upright JPEG of at most 2048 × 2048. All metadata (position, camera,
 * profile) and all appended data are dropped.
 *
 * Throws `request.unsupported_media_type` for other formats, `photo.invalid` for damaged files and wrong dimensions.
 */
export async function renderDisplay(file: Buffer): Promise<DisplayImage> {
  const format = detectFormat(file);
  if (format === null) {
    throw new Problem('request.unsupported_media_type', 'A photo must be a JPEG, PNG, WebP or AVIF file');
  }
  try {
    const image = sharp(file, { failOn: 'error', limitInputPixels: MAX_PIXELS, sequentialRead: true });
    const { format: decoder, width, height } = await image.metadata();
    if (decoder !== (format === 'avif' ? 'heif' : format)) throw new Problem('photo.invalid');
    requireDimensions(width, height);
    const { data, info } = await image
      .autoOrient()
      .resize(DISPLAY_SIDE, DISPLAY_SIDE, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .jpeg({ quality: DISPLAY_QUALITY, progressive: true })
      .timeout({ seconds: 20 })
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  } catch (error) {
    if (error instanceof Problem) throw error;
    // The error texts of libvips are internal.
    throw new Problem('photo.invalid', 'The photo can not be decoded');
  }
}

function requireDimensions(width: number, height: number): void {
  if (width * height > MAX_PIXELS || Math.max(width, height) > MAX_SIDE) {
    throw new Problem('photo.invalid', `A photo must have at most ${MAX_PIXELS / 1_000_000} megapixels`);
  }
  if (Math.min(width, height) < MIN_SIDE) {
    throw new Problem('photo.invalid', `A photo must be at least ${MIN_SIDE} pixels wide and high`);
  }
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
