import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { parse } from 'csv-parse';
import { requireUtf8 } from './encoding.js';
import { ImportFailed, unreadable } from './import-failed.js';

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
    private readonly optional: ReadonlySet<Column>,
  ) {}

  /** Throws if the file cannot be read or is not UTF-8. A missing optional column has empty cells. */
  static async open<Column extends string>(
    path: string,
    columns: readonly Column[],
    optional: readonly Column[] = [],
  ): Promise<CsvFile<Column>> {
    const file = await CsvFile.sniff(path, columns, optional);
    await requireUtf8(path, file.bytesOf());
    return file;
  }

  private static async sniff<Column extends string>(
    path: string,
    columns: readonly Column[],
    optional: readonly Column[],
  ): Promise<CsvFile<Column>> {
    try {
      const { size } = await stat(path);
      const file = await open(path);
      try {
        const { buffer } = await file.read(Buffer.alloc(2), 0, 2, 0);
        return new CsvFile(path, size, buffer.readUInt16BE(0) === 0x1f8b, columns, new Set(optional));
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
    const absent = Object.fromEntries([...this.optional].map((column) => [column, '']));
    let failure: Error | null = null;
    const done = (error: Error | null | undefined) => {
      failure = error ?? null;
    };
    pipeline(this.bytesOf(), parser, done);
    try {
      for await (const { record, info } of parser as AsyncIterable<{
        record: Record<Column, string>;
        info: { lines: number };
      }>) {
        yield { line: info.lines, cells: { ...absent, ...record } };
      }
    } catch (error) {
      throw unreadable(this.path, failure ?? error);
    }
    if (failure) throw unreadable(this.path, failure);
  }

  /** The content, unzipped. */
  private bytesOf(): Readable {
    const source = createReadStream(this.path, { highWaterMark: 16 * 1024 });
    source.on('data', (chunk) => (this.readBytes += chunk.length));
    // The pipeline passes an error of the source on to the unzipped stream.
    return this.zipped ? pipeline(source, createGunzip(), () => undefined) : source;
  }

  /** The first line names the columns; only the requested ones are kept. */
  private checked(names: string[]): (string | false)[] {
    const missing = this.columns.filter((column) => !names.includes(column) && !this.optional.has(column));
    if (missing.length > 0) {
      throw new ImportFailed(
        `${this.path} lacks the column${missing.length > 1 ? 's' : ''} ${missing.join(', ')}`,
      );
    }
    const requested = new Set<string>(this.columns);
    return names.map((name) => (requested.has(name) ? name : false));
  }
}
