import type { Socket } from 'node:net';
import pg from 'pg';
import { startTimer } from '../timing/timer.js';

type ConnectCallback = Parameters<pg.Pool['connect']>[0];

/** The parts of pg's pool and client that their types do not have. */
interface PoolInternals {
  options: { connectionTimeoutMillis?: number };
  Client: typeof pg.Client;
  _pendingQueue: { callback: ConnectCallback }[];
}
interface ClientInternals {
  connection: { stream: Socket };
}

/**
 * Limits how long a caller waits for a connection of the pool, in place of pg's `connectionTimeoutMillis`: its timers also
 * run while the event loop is blocked, so a busy process would reject connections that PostgreSQL had accepted in time.
 */
export function limitConnectionWait(pool: pg.Pool, milliseconds: number): void {
  const internals = pool as unknown as PoolInternals;
  internals.options.connectionTimeoutMillis = 0;
  internals.Client = clientWithin(milliseconds);
  const connect = pool.connect.bind(pool) as (callback: ConnectCallback) => void;
  const connectWithin = (callback: ConnectCallback): void => {
    let expired = false;
    const entry: ConnectCallback = (error, client, release) => {
      if (expired) return release();
      cancel();
      callback(error, client, release);
    };
    const expire = () => {
      expired = true;
      const index = internals._pendingQueue.findIndex((waiting) => waiting.callback === entry);
      if (index >= 0) internals._pendingQueue.splice(index, 1);
      callback(new Error('timeout exceeded when trying to connect'), undefined, () => undefined);
    };
    const cancel = startTimer(milliseconds, expire, { keepAlive: false });
    connect(entry);
  };
  const limited = (callback?: ConnectCallback): Promise<pg.PoolClient> | void => {
    if (callback) return connectWithin(callback);
    return new Promise((resolve, reject) =>
      connectWithin((error, client) => (client ? resolve(client) : reject(error ?? new Error('no client')))),
    );
  };
  pool.connect = limited as pg.Pool['connect'];
}

/** A client whose connection is given up if PostgreSQL does not complete it, so that it holds no place of the pool. */
function clientWithin(milliseconds: number): typeof pg.Client {
  return class extends pg.Client {
    override connect(): Promise<pg.Client>;
    override connect(callback: (error: Error) => void): void;
    override connect(callback?: (error: Error) => void): Promise<pg.Client> | void {
      const cancel = startTimer(
        milliseconds,
        () => (this as unknown as ClientInternals).connection.stream.destroy(),
        { keepAlive: false },
      );
      if (!callback) return super.connect().finally(cancel) as Promise<pg.Client>;
      super.connect((error: Error) => {
        cancel();
        callback(error);
      });
    }
  };
}
