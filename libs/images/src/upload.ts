import { Problem, WorkSlots } from '@roost/platform';
import sharp, { type Sharp } from 'sharp';

/** The limit of an uploaded file. */
export const MAX_IMAGE_BYTES = 15 * 1024 * 1024;
/** The limit for decoding. Above the resolution of common cameras. */
export const MAX_PIXELS = 60_000_000;
/** Formats of which decoding takes more memory per pixel: up to 9 bytes (16 bits, interlaced) and 18, a JPEG up to 6. */
const MAX_PIXELS_OF: Partial<Record<Format, number>> = { png: 40_000_000, avif: 20_000_000 };
const MAX_SIDE = 20_000;
const MIN_SIDE = 16;
const TIMEOUT_SECONDS = 20;

/** A file, and a signal that is aborted when the client gives the upload up. */
export interface Upload {
  bytes: Buffer;
  end: AbortSignal;
}

export interface RenderedImage {
  data: Buffer;
  width: number;
  height: number;
}

// No cache, because images are rarely decoded twice. One thread, because each decoding thread retains its memory.
sharp.cache(false);
sharp.concurrency(1);

/**
 * A decoded image takes up to some hundred megabytes, and decoding takes a thread of the pool of Node, whose four threads also
 * hash passwords and read files.
 */
const decoding = new WorkSlots(2, 20);

type Format = 'jpeg' | 'png' | 'webp' | 'avif';

/** Detects the format by content; the file name and the content type of the client are ignored. */
function detectFormat(file: Buffer): Format | null {
  const ascii = (from: number, to: number) => file.toString('latin1', from, to);
  if (file.length < 16) return null;
  if (file[0] === 0xff && file[1] === 0xd8 && file[2] === 0xff) return 'jpeg';
  if (ascii(0, 8) === '\x89PNG\r\n\x1a\n') return 'png';
  if (ascii(0, 4) === 'RIFF' && ascii(8, 12) === 'WEBP') return 'webp';
  if (ascii(4, 8) === 'ftyp' && (ascii(8, 12) === 'avif' || ascii(8, 12) === 'avis')) return 'avif';
  return null;
}

/**
 * Decodes an upload and encodes its upright pixels in sRGB on white as `encode` says (size, format). All metadata (position,
 * camera, profile) and all appended data are dropped.
 *
 * Throws `request.unsupported_media_type` for other formats, `photo.invalid` for damaged files and wrong dimensions, and 503
 * `service.unavailable` while too many uploads are waiting. An upload that was given up is not decoded: throws the reason.
 */
export async function renderUpload(
  { bytes, end }: Upload,
  encode: (image: Sharp) => Sharp,
): Promise<RenderedImage> {
  const format = detectFormat(bytes);
  if (format === null) {
    throw new Problem('request.unsupported_media_type', 'An image must be a JPEG, PNG, WebP or AVIF file');
  }
  return decoding.run(() => render(bytes, format, encode), end);
}

async function render(file: Buffer, format: Format, encode: (image: Sharp) => Sharp): Promise<RenderedImage> {
  try {
    const image = sharp(file, { failOn: 'error', limitInputPixels: MAX_PIXELS, sequentialRead: true });
    const { format: decoder, width, height } = await image.metadata();
    if (decoder !== (format === 'avif' ? 'heif' : format)) throw new Problem('photo.invalid');
    requireDimensions(width, height, MAX_PIXELS_OF[format] ?? MAX_PIXELS);
    const upright = image.autoOrient().flatten({ background: '#ffffff' }).toColourspace('srgb');
    const { data, info } = await encode(upright)
      .timeout({ seconds: TIMEOUT_SECONDS })
      .toBuffer({ resolveWithObject: true });
    return { data, width: info.width, height: info.height };
  } catch (error) {
    if (error instanceof Problem) throw error;
    // The error texts of libvips are internal.
    throw new Problem('photo.invalid', 'The photo can not be decoded');
  }
}

function requireDimensions(width: number, height: number, maxPixels: number): void {
  if (width * height > maxPixels || Math.max(width, height) > MAX_SIDE) {
    throw new Problem('photo.invalid', `The image must have at most ${maxPixels / 1_000_000} megapixels`);
  }
  if (Math.min(width, height) < MIN_SIDE) {
    throw new Problem('photo.invalid', `An image must be at least ${MIN_SIDE} pixels wide and high`);
  }
}
