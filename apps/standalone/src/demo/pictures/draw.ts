import { setPriority } from 'node:os';
import type { Drawn, Wish } from './artist.js';
import { keptPicture } from './kept.js';

const POLITE = 10;
const [folder = ''] = process.argv.slice(2);

setPriority(POLITE);
// Ctrl-C is for the one who gives the orders; when that one is gone, so is this.
process.on('SIGINT', () => undefined);
process.on('disconnect', () => process.exit());

let drawing = Promise.resolve();
process.on('message', ({ id, view, ...place }: Wish) => {
  drawing = drawing.then(async () => {
    process.send?.({ id, bytes: await keptPicture(folder, place, view) } satisfies Drawn);
  });
});
