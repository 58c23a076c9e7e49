import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { randomUUID } from 'node:crypto';

export interface StoredFile {
  stream: Readable;
  sizeBytes: number;
}

/** Stores small files by key (`photos/<id>/large.webp`). `FILE_STORE` selects the place. */
export abstract class FileStore {
  abstract put(key: string, content: Buffer | Readable): Promise<void>;
  /** `null` if the file does not exist. */
  abstract get(key: string): Promise<StoredFile | null>;
  abstract delete(key: string): Promise<void>;
  /** Called once when the service stops. */
  close(): void {}
}

const PROBE_BYTES = 1_000_000;

const KEY = /^[a-z0-9][a-z0-9._-]*(?:\/[a-z0-9][a-z0-9._-]*)*$/i;

export function checkFileKey(key: string): void {
  if (key.length > 300 || !KEY.test(key))
    throw new Error('A file key consists of segments of letters, digits, dots, underscores and dashes');
}

/** `FILE_STORE=disk` stores files in the data directory. */
export class DiskFileStore extends FileStore {
  constructor(
    private readonly root: string,
    /** Receives the errors of writes. */
    private readonly onWriteError: (error: unknown) => void = () => undefined,
  ) {
    super();
  }

  async put(key: string, content: Buffer | Readable): Promise<void> {
    const path = this.#path(key);
    const part = `${path}.${randomUUID()}.part`;
    try {
      await mkdir(dirname(path), { recursive: true });
      const source = Buffer.isBuffer(content) ? [content] : content;
      await pipeline(source, createWriteStream(part, { flush: true }));
      await rename(part, path);
    } catch (error) {
      this.onWriteError(error);
      // Its own error would hide the error of the write.
      await rm(part, { force: true }).catch(() => undefined);
      throw error;
    }
  }

  /** Writes and deletes a file. Fails while the disk is full. */
  async probe(): Promise<void> {
    const key = `probe-${randomUUID()}`;
    await this.put(key, Buffer.alloc(PROBE_BYTES, 1));
    await this.delete(key);
  }

  async get(key: string): Promise<StoredFile | null> {
    const path = this.#path(key);
    try {
      const { size } = await stat(path);
      return { stream: createReadStream(path), sizeBytes: size };
    } catch (error) {
      if (isNodeError(error) && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) return null;
      throw error;
    }
  }

  async delete(key: string): Promise<void> {
    await rm(this.#path(key), { force: true });
  }

  #path(key: string): string {
    checkFileKey(key);
    return join(this.root, ...key.split('/'));
  }
}

// Not `instanceof Error`: specs run in a realm of their own, so errors of node:fs are not instances of it.
const isNodeError = (error: unknown): error is NodeJS.ErrnoException =>
  typeof error === 'object' && error !== null && 'code' in error;
