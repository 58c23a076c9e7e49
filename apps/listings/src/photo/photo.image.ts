import { Problem } from '@roost/platform';
import sharp from 'sharp';

/** A camera's worst honest case; a decoder gets no more than this to unpack. */
const MOST_PIXELS = 60_000_000;
const MOST_SIDE = 20_000;
const LEAST_SIDE = 16;
const DISPLAY_SIDE = 2048;
const DISPLAY_QUALITY = 82;
const VARIANT_QUALITY = 78;
/** Phones, tablets, screens; and each photo at its own width. */
const VARIANT_WIDTHS = [320, 640, 1280, 2048];

export interface DisplayImage {
  data: Buffer;
  width: number;
  height: number;
}

// Pictures are rarely the same twice, and each thread that decodes one keeps its own memory for good: no cache, one thread.
sharp.cache(false);
sharp.concurrency(1);

type Format = 'jpeg' | 'png' | 'webp' | 'avif';

/** By content alone: what a client calls the file says nothing about it. */
export function sniff(file: Buffer): Format | null {
  const ascii = (from: number, to: number) => file.toString('latin1', from, to);
  if (file.length < 16) return null;
  if (file[0] === 0xff && file[1] === 0xd8 && file[2] === 0xff) return 'jpeg';
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp';
  if (ascii(4, 8) === 'ftyp' && (ascii(8, 12) === 'avif' || ascii(8, 12) === 'avis')) return 'avif';
  return null;
}

/**
 * Decodes the upload and writes its pixels anew, upright and no larger than a screen. Nothing else of the
 * file survives: no position, no camera, no profile, nothing appended.
 */
export async function renderDisplay(file: Buffer): Promise<DisplayImage> {
  const format = sniff(file);
  if (format === null) {
    throw new Problem('request.unsupported_media_type', 'A photo is a JPEG, PNG, WebP or AVIF file');
  }
  try {
    const image = sharp(file, { failOn: 'error', limitInputPixels: MOST_PIXELS, sequentialRead: true });
    const { format: decoder, width, height } = await image.metadata();
    if (decoder !== (format === 'avif' ? 'heif' : format)) throw new Problem('photo.invalid');
    if (width * height > MOST_PIXELS || Math.max(width, height) > MOST_SIDE) {
      throw new Problem('photo.invalid', `A photo has at most ${MOST_PIXELS / 1_000_000} megapixels`);
    }
    if (Math.min(width, height) < LEAST_SIDE) {
      throw new Problem('photo.invalid', `A photo is at least ${LEAST_SIDE} pixels wide and high`);
    }
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
    // libvips says what was wrong in words of its own, which are for nobody.
    throw new Problem('photo.invalid', 'The photo can not be decoded');
  }
}

/** Never wider than the photo itself, and always one as wide. */
export function variantWidths(width: number): number[] {
  return [...VARIANT_WIDTHS.filter((wide) => wide < width), width];
}

/** From the display JPEG, which is upright and holds pixels only. The same bytes each time. */
export function renderVariant(display: Buffer, width: number): Promise<Buffer> {
  return sharp(display, { limitInputPixels: MOST_PIXELS, sequentialRead: true })
    .resize({ width, withoutEnlargement: true })
    .webp({ quality: VARIANT_QUALITY, effort: 3 })
    .timeout({ seconds: 20 })
    .toBuffer();
}
