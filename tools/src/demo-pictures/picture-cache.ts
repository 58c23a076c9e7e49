import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawing, renderPicture } from './picture.js';
import type { PictureSubject, View } from './subject.js';

/** Reads rendered pictures from a folder and renders the missing ones, which takes about 0.2 s each. */
export class PictureCache {
  constructor(
    private readonly folder: string,
    private readonly width?: number,
  ) {}

  async get(subject: PictureSubject, view: View): Promise<Buffer> {
    const svg = drawing(subject, view);
    const file = join(this.folder, `${createHash('sha256').update(svg).digest('hex')}.jpg`);
    try {
      return await readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    }
    const bytes = await renderPicture(svg, this.width);
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    // A process that is killed while it writes leaves no incomplete picture.
    await writeFile(`${file}.new`, bytes);
    await rename(`${file}.new`, file);
    return bytes;
  }
}
