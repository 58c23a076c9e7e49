import { Shutdown } from '../src/shutdown.js';
import { Terminal } from '../src/terminal.js';

/** A process in which all parts of a stop fail, as on a full disk, and then an unexpected error occurs. */
const noSpace = () => {
  throw new Error('ENOSPC: no space left on device');
};
const shutdown = new Shutdown(new Terminal());
shutdown.log = {
  stream: { write: () => undefined },
  file: null,
  // The fatal line waits in a buffer, and only the flush fails; or the line itself can't be written.
  error: process.argv[2] === 'hangs' ? () => undefined : noSpace,
  append: noSpace,
  flush: noSpace,
};
shutdown.service('identity', { close: () => Promise.reject(new Error('not closed')) });
shutdown.last('PostgreSQL', () => Promise.reject(new Error('not stopped')));
if (process.argv[2] === 'hangs') shutdown.after('sandbox', () => new Promise(() => undefined));
process.on('exit', noSpace);
setInterval(() => undefined, 1_000);
setImmediate(() => {
  throw new Error('the fatal error');
});
