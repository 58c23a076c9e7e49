import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { ImportFailed } from './import-failed.js';

export interface CsvRow<Column extends string> {
  line: number;
  cells: Record<Column, string>;
}

/** A CSV file, plain or gzip, read as a stream: only the current row is in memory. */
export class CsvFile<Column extends string> {
  readBytes = 0;
  /** Invalid rows: a quote that never closes, too few cells. */
  broken: { line: number; reason: string }[] = [];

  private constructor(
    readonly path: string,
    readonly bytes: number,
    private readonly zipped: boolean,
    private readonly columns: readonly Column[],
  ) {}

  static async open<Column extends string>(
    path: string,
    columns: readonly Column[],
  ): Promise<CsvFile<Column>> {
    try {
      const { size } = await stat(path);
      const file = await open(path);
      try {
        const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
        return new CsvFile(path, size, buffer.readUInt16BE(0) === 0x1f8b, columns);
      } finally {
        await file.close();
      }
    } catch (error) {
      throw new ImportFailed(`${path} cannot be read: ${(error as NodeJS.ErrnoException).code ?? error}`);
    }
  }

  get share(): number {
    return this.bytes === 0 ? 1 : this.readBytes / this.bytes;
  }

  /** The rows from the first on; a file can be read more than once. */
  async *rows(): AsyncGenerator<CsvRow<Column>> {
    this.readBytes = 0;
    this.broken = [];
    const source = createReadStream(this.path, { highWaterMark: 16 * 1024 });
    source.on('data', (chunk) => (this.readBytes += chunk.length));
    const parser = parse({
      bom: true,
      info: true,
      relax_quotes: true,
      skip_empty_lines: true,
      skip_records_with_error: true,
      columns: (names: string[]) => this.checked(names),
      on_skip: (error) => {
        if (error) this.broken.push({ line: error.lines as number, reason: error.code });
        return undefined;
      },
    });
    let failure: Error | null = null;
    const done = (error: Error | null | undefined) => {
      failure = error ?? null;
    };
    if (this.zipped) pipeline(source, createGunzip(), parser, done);
    else pipeline(source, parser, done);
    try {
      for await (const { record, info } of parser as AsyncIterable<{
        record: Record<Column, string>;
        info: { lines: number };
      }>) {
        yield { line: info.lines, cells: record };
      }
    } catch (error) {
      throw unreadable(this.path, failure ?? error);
    }
    if (failure) throw unreadable(this.path, failure);
  }

  /** The first line names the columns; only the requested ones are kept. */
  private checked(names: string[]): (string | false)[] {
    const missing = this.columns.filter((column) => !names.includes(column));
    if (missing.length > 0) {
      throw new ImportFailed(
        `${this.path} lacks the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`,
      );
    }
    const requested = new Set<string>(this.columns);
    return names.map((name) => (requested.has(name) ? name : false));
  }
}

function unreadable(path: string, error: unknown): ImportFailed {
  if (error instanceof ImportFailed) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ImportFailed(`${path} cannot be read to its end: ${reason}`);
}
