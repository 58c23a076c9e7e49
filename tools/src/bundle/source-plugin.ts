import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { transformSync } from '@swc/core';
import type { Plugin } from 'rolldown';
import { FILES_READ } from './apps.js';

const ADDRESS = /\bimport\.meta\.(url|dirname|filename|resolve)\b/;
const MARK = { fileName: 'package.json', source: `${JSON.stringify({ type: 'module' })}\n` };

/**
 * Compiles TypeScript with the compiler and the settings of `tools/register.js`, because decorators and their metadata must
 * not depend on how Roost is started. A module keeps its address: beneath the folder of the bundle, its
 * `import.meta.url` is where its source is beneath the root of the repository.
 */
export function sourcePlugin(root: string): Plugin {
  const settings = JSON.parse(readFileSync(join(root, '.swcrc'), 'utf8')) as object;
  return {
    name: 'roost-source',
    transform: {
      filter: { id: /\.ts$/ },
      handler(source, id) {
        const { code, map } = transformSync(source, {
          ...settings,
          swcrc: false,
          filename: id,
          sourceMaps: true,
        });
        const place = relative(root, id);
        const address = ADDRESS.exec(code)?.[1];
        if (address === undefined) return { code, map, moduleType: 'js' };
        if (address !== 'url')
          this.error(`${place} uses import.meta.${address}: use import.meta.url instead.`);
        if (!FILES_READ[place]) {
          this.error(
            `${place} uses import.meta.url: list the files that it reads in tools/src/bundle/apps.ts.`,
          );
        }
        const base = this.emitFile({ type: 'asset', ...MARK });
        const moved = `new URL(${JSON.stringify(place)}, import.meta.ROLLUP_FILE_URL_${base}).href`;
        return { code: code.replaceAll('import.meta.url', moved), map, moduleType: 'js' };
      },
    },
  };
}

/** Leaves packages out of the source maps: they are three quarters of the size, and nobody debugs them here. */
export function withoutMapsOfPackages(): Plugin {
  return {
    name: 'roost-maps',
    transform: {
      filter: { id: /\/node_modules\/.*\.[cm]?js$/ },
      handler: (code) => ({ code, map: { mappings: '' } }),
    },
  };
}
