import { createServer, type AddressInfo, type Socket } from 'node:net';
import { freshDatabase } from '@roost/testing';
import pg from 'pg';
import { limitConnectionWait } from '../src/database/connection-limit.js';

/** Far longer than a busy PostgreSQL takes for the first connection to a new database. */
const LIMIT_MS = 1_000;
const pools: pg.Pool[] = [];

function aPool(url: string, max: number): pg.Pool {
  const pool = new pg.Pool({ connectionString: url, max, connectionTimeoutMillis: LIMIT_MS });
  limitConnectionWait(pool, LIMIT_MS);
  pools.push(pool);
  return pool;
}

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.end();
});

/** Blocks the event loop, as the loading of modules does. */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

test('the time in which the event loop is blocked does not count while a connection is established', async () => {
  const pool = aPool(await freshDatabase('roost_limit'), 1);
  const result = pool.query<{ one: number }>('SELECT 1 AS one');
  block(LIMIT_MS * 2);
  expect((await result).rows).toEqual([{ one: 1 }]);
});

test('nor while a caller waits for a connection of another', async () => {
  const pool = aPool(await freshDatabase('roost_limit'), 1);
  const first = await pool.connect();
  const waits = pool.query<{ one: number }>('SELECT 1 AS one');
  const other = first.query('SELECT 2').finally(() => first.release());
  block(LIMIT_MS * 2);
  await other;
  expect((await waits).rows).toEqual([{ one: 1 }]);
});

test('a caller that waits too long is rejected, and the pool serves the next one', async () => {
  const pool = aPool(await freshDatabase('roost_limit'), 1);
  const first = await pool.connect();
  await expect(pool.query('SELECT 1')).rejects.toThrow('timeout exceeded when trying to connect');
  await expect(pool.connect()).rejects.toThrow('timeout exceeded when trying to connect');
  first.release();
  expect((await pool.query<{ one: number }>('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
});

test('a server that accepts connections and does not respond holds no place of the pool', async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => void sockets.push(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const pool = aPool(`postgres://roost@127.0.0.1:${(server.address() as AddressInfo).port}/roost`, 1);
  await expect(pool.query('SELECT 1')).rejects.toThrow();
  await expect(pool.query('SELECT 1')).rejects.toThrow();
  expect(pool.waitingCount).toBe(0);
  for (const socket of sockets) socket.destroy();
  server.close();
});
