import { setPriority } from 'node:os';
import { PictureCache } from './picture-cache.js';
import type { PictureSubject, View } from './subject.js';

/**
 * The painter process: `main.ts FOLDER [WIDTH]`. It answers each request on its IPC channel with a JPEG, one after the
 * other, and stores the pictures in FOLDER.
 */

interface PictureRequest extends PictureSubject {
  id: number;
  view: View;
}

const LOW_PRIORITY = 10;
const [folder = '', width] = process.argv.slice(2);

setPriority(LOW_PRIORITY);
// The parent process handles Ctrl-C; this process ends with it.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());

const cache = new PictureCache(folder, width === undefined ? undefined : Number(width));
let previous = Promise.resolve();
process.on('message', ({ id, view, ...subject }: PictureRequest) => {
  previous = previous.then(async () => {
    process.send?.({ id, bytes: await cache.get(subject, view) });
  });
});
