import { type EntityManager, raw, sql } from '@mikro-orm/postgresql';
import type { ExportSection } from './personal-data.port.js';

const BATCH = 200;
const CHUNK_CHARACTERS = 256 * 1024;

/**
 * The JSON object of a service in chunks: `{"section": [record, …], …}`. Requires a transaction. At no time are more than a
 * batch of rows and a chunk in memory.
 */
export async function* exportText(
  em: EntityManager,
  sections: readonly ExportSection[],
): AsyncGenerator<string> {
  let text = '{';
  for (const [index, section] of sections.entries()) {
    text += `${index === 0 ? '' : ','}\n${JSON.stringify(section.name)}: [`;
    let separator = '\n';
    for await (const record of recordsOf(em, section)) {
      text += separator + JSON.stringify(record);
      separator = ',\n';
      if (text.length < CHUNK_CHARACTERS) continue;
      yield text;
      text = '';
    }
    text += ']';
  }
  yield `${text}\n}`;
}

async function* recordsOf(em: EntityManager, section: ExportSection): AsyncGenerator<object> {
  await em.execute(sql`DECLARE export_rows NO SCROLL CURSOR FOR ${section.rows}`);
  for (;;) {
    const rows = await em.execute<object[]>(sql`FETCH ${raw(String(BATCH))} FROM export_rows`);
    if (rows.length === 0) break;
    yield* section.view ? await section.view(em, rows) : rows;
    // Otherwise the entities of all batches would stay in memory.
    em.clear();
  }
  await em.execute(sql`CLOSE export_rows`);
}
