import type { Socket } from 'node:net';
import pg from 'pg';
import { StartError } from '../config/read-config.js';
import { TimeoutError, withTimeout } from '../timing/with-timeout.js';
import { isOutage } from './database-errors.js';

/** The database of one service. */
export interface DatabaseAddress {
  service: string;
  url: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const MISSING_DATABASE = '3D000';

/** Runs `work` with one connection to the database. Throws a `StartError` if it can't connect. */
export async function withClient<T>(
  { service, url }: DatabaseAddress,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const address = new URL(url);
  const client = newClient(service, url);
  try {
    await connect(client);
  } catch (error) {
    await client.end().catch(() => undefined);
    throw connectionError(service, address, error);
  }
  try {
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Creates the database of a service if it does not exist. */
export async function createDatabaseIfMissing({ service, url }: DatabaseAddress): Promise<void> {
  const address = new URL(url);
  const database = databaseName(address);
  if (database === '')
    throw new StartError(
      `DATABASE_URL of ${service} contains no database name: end it with /roost_${service}.`,
    );
  const direct = newClient(service, url);
  try {
    await connect(direct);
    return;
  } catch (error) {
    if ((error as { code?: string }).code !== MISSING_DATABASE)
      throw connectionError(service, address, error);
  } finally {
    await direct.end().catch(() => undefined);
  }
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const client = newClient(service, maintenance.href);
  try {
    await connect(client);
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  } catch (error) {
    const { code } = error as { code?: string };
    if (code === '42P04' || code === '23505') return; // another replica created it
    if (code === '42501')
      throw new StartError(
        `The database ${database} of ${service} is missing, and the role in DATABASE_URL may not create it: CREATE DATABASE ${database}.`,
      );
    throw connectionError(service, address, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

const databaseName = (address: URL): string => decodeURIComponent(address.pathname.slice(1));

/** pg reads the files of certificates in the URL at once. */
function newClient(service: string, url: string): pg.Client {
  try {
    return new pg.Client({ connectionString: url, keepAlive: true });
  } catch (error) {
    const { code, path, message } = error as NodeJS.ErrnoException;
    throw new StartError(
      path === undefined
        ? `DATABASE_URL of ${service} can't be used: ${message}.`
        : `DATABASE_URL of ${service} names the file ${path}, which can't be read: ${code ?? message}.`,
      { cause: error },
    );
  }
}

/** The time limit of pg also runs while the event loop is blocked, as it is while a process starts. */
async function connect(client: pg.Client): Promise<void> {
  try {
    await withTimeout(client.connect(), CONNECT_TIMEOUT_MS);
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    // `end` would wait for the server.
    (client as unknown as { connection: { stream: Socket } }).connection.stream.destroy();
    throw Object.assign(error, { code: 'ETIMEDOUT' });
  }
}

/** Node's codes for a certificate that is expired, of an unknown issuer or of another host. */
const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET_ISSUER)/;
const NO_TLS = /does not support SSL/;
/** The rules of the server allow the login with TLS only, or not at all. */
const NO_ENCRYPTION = /no encryption/;

function connectionError(service: string, address: URL, error: unknown): Error {
  const { code, message } = error as { code?: string; message: string };
  const where = `PostgreSQL at ${address.hostname}:${address.port || 5432}`;
  if (code === '28000' && NO_ENCRYPTION.test(message))
    return new StartError(
      `${where} accepts ${service} only with TLS: add sslmode=verify-full to DATABASE_URL.`,
    );
  if (code === '28P01' || code === '28000')
    return new StartError(
      `${where} rejected the login of ${service}: check the user and password in DATABASE_URL.`,
    );
  if (code === MISSING_DATABASE)
    return new StartError(
      `The database ${databaseName(address)} of ${service} is missing at ${where}: create it, then run \`migrate\`.`,
    );
  if (code === '57P03')
    return new StartError(`${service} can't use ${where} yet: it is starting up or shutting down.`);
  if (code !== undefined && CERTIFICATE.test(code))
    return new StartError(
      `${service} does not trust the certificate of ${where} (${code}): check its dates and names, and sslrootcert in DATABASE_URL.`,
    );
  if (NO_TLS.test(message))
    return new StartError(`${where} offers no TLS, which sslmode in DATABASE_URL of ${service} requires.`);
  if (isOutage(error))
    return new StartError(
      `${service} can't reach ${where} (${code ?? message}): is it running? DATABASE_URL is its URL.`,
    );
  return new StartError(`${service} can't use ${where}: ${message}.`, { cause: error });
}
