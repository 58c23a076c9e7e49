import { renderUpload, type Upload } from '@roost/images';

/** In pixels. Clients show avatars at up to half of it, on screens with a high resolution as well. */
const SIDE = 512;
const QUALITY = 80;

/** Encodes the largest centred square of an upload as a WebP of 512 × 512. Throws as `renderUpload`. */
export async function renderAvatar(upload: Upload): Promise<Buffer> {
  const { data } = await renderUpload(upload, (image) =>
    image.resize(SIDE, SIDE, { fit: 'cover' }).webp({ quality: QUALITY, effort: 3 }),
  );
  return data;
}
