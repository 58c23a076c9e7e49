/** A failure that is printed as one sentence. */
export class ImagesError extends Error {}
