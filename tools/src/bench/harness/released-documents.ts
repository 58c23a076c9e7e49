import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const release = new URL('../../../../apps/gateway/release/', import.meta.url);

/**
 * Serves the released documents of services that do not run. A gateway without these documents requests them twice per
 * second, and the benchmark would count the cost of those requests.
 */
export async function serveReleasedDocuments<Name extends string>(
  services: readonly Name[],
): Promise<{ env: Record<`${Uppercase<Name>}_URL`, string>; close: () => void }> {
  const texts = new Map<string, Buffer>();
  for (const name of services) {
    texts.set(`/${name}/openapi.json`, await readFile(new URL(`${name}.openapi.json`, release)));
    texts.set(`/${name}/graphql/sdl`, await readFile(new URL(`${name}.graphql`, release)));
  }
  const server = createServer((request, response) => {
    const text = texts.get(request.url ?? '');
    response.writeHead(text ? 200 : 404).end(text);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const urls = services.map((name) => [`${name.toUpperCase()}_URL`, `http://127.0.0.1:${port}/${name}`]);
  return {
    env: Object.fromEntries(urls) as Record<`${Uppercase<Name>}_URL`, string>,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
