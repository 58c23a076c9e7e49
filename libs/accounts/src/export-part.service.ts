import { Readable } from 'node:stream';
import { EntityManager } from '@mikro-orm/postgresql';
import { Injectable } from '@nestjs/common';
import { Encryption, Problem, SystemClock } from '@roost/platform';
import { type CompletePart, findCompletePart, readChunk } from './account-export.queries.js';
import { CHUNK_CONTEXT } from './account-exporter.jobs.js';

/** Reads the complete part of an export, for its user. */
@Injectable()
export class ExportPartService {
  constructor(
    private readonly em: EntityManager,
    private readonly encryption: Encryption,
    private readonly systemClock: SystemClock,
  ) {}

  /** Throws 404 `export.not_found` if there is no complete part. */
  async open(userId: string, exportId: string): Promise<Readable> {
    const part = await findCompletePart(this.em.fork(), { exportId, userId }, this.systemClock.now());
    if (!part) throw new Problem('export.not_found');
    return Readable.from(this.chunksOf(part));
  }

  /** One statement per chunk: a slow client occupies no connection of the pool. */
  private async *chunksOf(part: CompletePart): AsyncGenerator<Buffer> {
    for (let position = 0; position < part.chunks; position++) {
      const content = await readChunk(this.em.fork(), part, position);
      // Otherwise the client would take the beginning for the whole.
      if (content === null) throw new Error('an export was deleted while it was read');
      yield Buffer.from(this.encryption.decrypt(content, CHUNK_CONTEXT));
    }
  }
}
