import type { BenchEnvironment, LoggedStatement, Service } from './harness/bench-environment.js';

/** One search: what the app responds with, and the statements that it runs for it. */
export interface Recording {
  path: string;
  body: string;
  statements: LoggedStatement[];
}

/** Sends each search to listings and records its response and its statements from the log of PostgreSQL. */
export async function recordSearches(
  environment: BenchEnvironment,
  listings: Service,
  paths: readonly string[],
): Promise<Recording[]> {
  const recordings: Recording[] = [];
  await environment.withStatementLog(async (read) => {
    for (const path of paths) {
      const from = read.position();
      const body = await searchPage(listings, path);
      const statements = await read.since(from, 'listing_search');
      if (statements.length === 0) throw new Error(`the log has no statement of ${path}`);
      if (statements.some(({ text, values }) => text.includes('$1::') && values.length === 0))
        throw new Error(`the log has no values of the statements of ${path}`);
      recordings.push({ path, body, statements });
    }
  });
  return recordings;
}

/** The page at `path`. Throws for an error and for a page without hits. */
export async function searchPage({ url }: Service, path: string): Promise<string> {
  const response = await fetch(url + path);
  const body = await response.text();
  if (response.status !== 200)
    throw new Error(`${path} responded with ${response.status}: ${body.slice(0, 500)}`);
  const { data } = JSON.parse(body) as { data: unknown[] };
  if (data.length === 0)
    throw new Error(`${path} has no hits, although the generated data have at least one`);
  return body;
}

/** The path of a later page; null if there are fewer pages. */
export async function laterPage(
  listings: Service,
  path: string,
  pagesBefore: number,
): Promise<string | null> {
  let cursor: string | null = null;
  for (let page = 0; page < pagesBefore; page += 1) {
    const body = await searchPage(listings, cursor === null ? path : `${path}&cursor=${cursor}`);
    cursor = (JSON.parse(body) as { nextCursor: string | null }).nextCursor;
    if (cursor === null) return null;
  }
  return cursor === null ? path : `${path}&cursor=${cursor}`;
}
