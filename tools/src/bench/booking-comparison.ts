import { countWrittenRows } from './booking-data.js';
import type { BenchEnvironment } from './harness/bench-environment.js';
import { type LoadRequest, sendLoad } from './harness/load.js';

interface Subject {
  url: string;
  database: string;
}

/** Throws unless all subjects return the same booking for the same quote, except ids and times. */
export async function compareResponses(
  subjects: readonly Subject[],
  [request]: readonly LoadRequest[],
): Promise<void> {
  if (!request) throw new Error('no quote to compare');
  const bodies: string[] = [];
  for (const { url } of subjects) {
    await sendLoad(url, 1, [request], (status, body) => {
      if (status !== 201) throw new Error(`${url} responded with ${status}: ${body}`);
      const { id, holdExpiresAt, createdAt } = JSON.parse(body) as Record<string, string>;
      let text = body;
      for (const generated of [id, holdExpiresAt, createdAt]) text = text.replaceAll(String(generated), '');
      bodies.push(text);
    });
  }
  if (bodies[0] !== bodies[1])
    throw new Error(`The responses of app and floor differ:\n${bodies.join('\n')}`);
}

/** Throws unless app and floor have written the same number of rows for the bookings without conflicts. */
export async function compareWrittenRows(
  environment: BenchEnvironment,
  subjects: readonly Subject[],
): Promise<void> {
  const [app, floor] = await Promise.all(
    subjects.map(async ({ database }) => JSON.stringify(await countWrittenRows(environment, database))),
  );
  if (app !== floor) throw new Error(`The rows of app and floor differ: ${app} and ${floor}`);
}

/** The number of statements in the transaction of a booking, from the log of PostgreSQL. */
export async function countRoundTrips(
  environment: BenchEnvironment,
  { url }: Subject,
  load: readonly LoadRequest[],
): Promise<number> {
  const connections = await environment.statementsDuring(async () => {
    await sendLoad(url, 1, load, () => undefined);
  });
  const transactions = connections.flatMap((statements) => transactionsIn(statements));
  const holds = transactions.filter((statements) =>
    statements.some((statement) => statement.includes('INTO booking (')),
  );
  // The backends can miss the first transactions: they apply the log setting with a delay.
  if (holds.length < load.length / 2)
    throw new Error(`the log contains only ${holds.length} of ${load.length} holds`);
  return Math.max(...holds.map((statements) => statements.length));
}

function transactionsIn(statements: readonly string[]): string[][] {
  const transactions: string[][] = [];
  let open: string[] | null = null;
  for (const statement of statements) {
    if (/^(begin|start)/i.test(statement)) open = [];
    open?.push(statement);
    if (/^(commit|rollback)/i.test(statement) && open) {
      transactions.push(open);
      open = null;
    }
  }
  return transactions;
}
