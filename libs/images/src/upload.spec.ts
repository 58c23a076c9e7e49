import sharp, { type Sharp } from 'sharp';
import { renderUpload } from './upload.js';

const never = new AbortController().signal;
const webp = (image: Sharp) => image.webp();
const picture = () =>
  sharp({ create: { width: 32, height: 32, channels: 3, background: '#b41e1e' } })
    .jpeg()
    .toBuffer();

test('encodes an upload whose client waits', async () => {
  const { data, width, height } = await renderUpload({ bytes: await picture(), end: never }, webp);
  expect({ width, height }).toEqual({ width: 32, height: 32 });
  expect(await sharp(data).metadata()).toMatchObject({ format: 'webp' });
});

test.each([
  ['png', 40],
  ['avif', 20],
] as const)('rejects a %s of more than %i megapixels', async (format, megapixels) => {
  const [width, height] = [5_000, megapixels * 200 + 1];
  const bytes = await sharp({ create: { width, height, channels: 3, background: '#b41e1e' } })
    .toFormat(format, { effort: 1 })
    .toBuffer();
  const limit = `The image must have at most ${megapixels} megapixels`;
  await expect(renderUpload({ bytes, end: never }, webp)).rejects.toThrow(limit);
});

test('does not decode an upload that was given up', async () => {
  const encode = () => {
    throw new Error('decoded');
  };
  const end = AbortSignal.abort(new Error('given up'));
  await expect(renderUpload({ bytes: await picture(), end }, encode)).rejects.toThrow('given up');
});
