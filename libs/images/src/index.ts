/** Decodes images that users upload. An app that encodes them again uses `sharp` itself. */
export { MAX_IMAGE_BYTES, MAX_PIXELS, type RenderedImage, renderUpload, type Upload } from './upload.js';
