import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { drawing, picture, type Place, type View } from './picture.js';

/** What has been drawn before is not drawn again: painting takes a third of a second each, and a reset wants them all anew. */
export async function keptPicture(folder: string, place: Place, view: View): Promise<Buffer> {
  const file = join(folder, `${createHash('sha256').update(drawing(place, view)).digest('hex')}.jpg`);
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const bytes = await picture(place, view);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  // Whoever is killed half-way leaves no half picture.
  await writeFile(`${file}.new`, bytes);
  await rename(`${file}.new`, file);
  return bytes;
}
