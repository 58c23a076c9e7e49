import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Package } from './packages.js';

/** The software bill of materials (CycloneDX) of a bundle: the packages that are in it, and no others. */
export function bill(app: string, version: string, packages: readonly Package[]): object {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': app,
        name: `roost/${app}`,
        version,
        licenses: licenses('MIT'),
      },
    },
    components: packages.map((it) => ({
      type: 'library',
      'bom-ref': address(it),
      name: it.name,
      version: it.version,
      purl: address(it),
      ...(it.license ? { licenses: licenses(it.license) } : {}),
    })),
  };
}

/** The licenses of the packages, which their copies must carry. */
export function licenseTexts(packages: readonly Package[]): string {
  return packages
    .map(({ folder, name, version, license }) => {
      const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
      const texts = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
      return [`${name} ${version} (${license ?? 'see below'})`, ...texts].join('\n\n');
    })
    .join(`\n\n${'-'.repeat(80)}\n\n`)
    .concat('\n');
}

const licenses = (name: string) => [
  / (OR|AND) /.test(name) ? { expression: name } : { license: { id: name } },
];

const address = ({ name, version }: Package) => `pkg:npm/${name.replace('@', '%40')}@${version}`;
