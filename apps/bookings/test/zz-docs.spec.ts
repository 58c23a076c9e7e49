import { writeFileSync } from 'node:fs';
import { useBookings } from './bookings.fixture.js';
const bookings = useBookings();
it('docs', async () => {
  const base = (bookings.service as unknown as { url: string }).url;
  writeFileSync('/tmp/bk/openapi.json', await (await fetch(`${base}/openapi.json`)).text());
  for (const path of ['/graphql/schema', '/graphql/sdl', '/sdl', '/graphql.sdl']) {
    const r = await fetch(`${base}${path}`);
    if (r.ok) writeFileSync('/tmp/bk/sdl.graphql', await r.text());
  }
});
