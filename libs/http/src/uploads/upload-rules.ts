export interface UploadRules {
  /** The name of the form field in the OpenAPI document. A file in a field with another name is accepted, too. */
  field: string;
  maxBytes: number;
}

export interface UploadedFile {
  fileName: string;
  /** Sent by the client and not verified. */
  mimeType: string;
  bytes: Buffer;
  /** Aborted when the client has disconnected: nothing waits for the result. */
  end: AbortSignal;
}

/** The metadata key under which `@Upload` stores its rules. */
export const UPLOAD = 'roost:upload';

/** The rules of an `@Upload` route; undefined for other routes. */
export function uploadRules(handler: object): UploadRules | undefined {
  return Reflect.getMetadata(UPLOAD, handler) as UploadRules | undefined;
}
