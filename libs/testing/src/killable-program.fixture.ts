import { createServer } from 'node:http';
import type { StartMessage } from './killable-process.js';

/** A program for the spec of `KillableProcess`: responds with its process id and fault, and ends on `/exit`. */
function start(): void {
  createServer((request, response) => {
    if (request.url === '/exit') process.exit(3);
    response.end(JSON.stringify({ pid: process.pid, fault: process.env['ROOST_FAULT'] ?? null }));
  }).listen(Number(process.env['PORT']), '127.0.0.1');
}

if (process.env['STARTS_ON_MESSAGE'] === 'yes') {
  process.once('message', (message: StartMessage) => {
    Object.assign(process.env, message.start);
    start();
  });
} else {
  start();
}
