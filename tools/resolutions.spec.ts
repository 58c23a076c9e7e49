import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const hook = new URL('resolutions.js', import.meta.url).href;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'resolutions-'));
  mkdirSync(join(root, 'node_modules/user'), { recursive: true });
  mkdirSync(join(root, 'node_modules/used'));
  writeFileSync(join(root, 'node_modules/.package-lock.json'), '{}');
  writeFileSync(join(root, 'node_modules/user/package.json'), '{"type":"module","main":"index.js"}');
  writeFileSync(join(root, 'node_modules/user/index.js'), `export { default } from 'used';`);
  for (const name of ['one', 'two'])
    writeFileSync(join(root, `node_modules/used/${name}.mjs`), 'export default import.meta.url;');
  useFile('one');
  writeFileSync(join(root, 'main.mjs'), `import used from 'user'; console.log(used);`);
  writeFileSync(
    join(root, 'hook.mjs'),
    `import module from 'node:module';
     import { cacheResolutions } from '${hook}';
     module.registerHooks({ resolve: cacheResolutions(import.meta.dirname + '/', import.meta.dirname) });`,
  );
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const useFile = (name: string) =>
  writeFileSync(join(root, 'node_modules/used/package.json'), `{"main":"${name}.mjs"}`);

const usedFile = (folder = root) =>
  execFileSync(process.execPath, ['--import', './hook.mjs', 'main.mjs'], { cwd: folder, encoding: 'utf8' })
    .trim()
    .replace(/^.*\/(?=[^/]+\/node_modules)/, '');

const place = (folder: string, name: string) => `${folder.split('/').at(-1)}/node_modules/used/${name}.mjs`;

test.each([
  ['a module of a package', `export { default } from 'used';`, `import used from 'user';`],
  ['a CommonJS module', `module.exports = require('used').default;`, `import used from 'user';`],
  ['a source', '', `import used from 'used';`],
])('%s is resolved once per installation', (_, user, main) => {
  const type = user.startsWith('module') ? 'commonjs' : 'module';
  writeFileSync(join(root, 'node_modules/user/package.json'), JSON.stringify({ type, main: 'index.js' }));
  writeFileSync(join(root, 'node_modules/user/index.js'), user);
  writeFileSync(join(root, 'main.mjs'), `${main} console.log(used);`);
  expect(usedFile()).toBe(place(root, 'one'));
  useFile('two');
  expect(usedFile()).toBe(place(root, 'one'));
  utimesSync(join(root, 'node_modules/.package-lock.json'), 1, 1);
  expect(usedFile()).toBe(place(root, 'two'));
});

test('the exports of a workspace may change without an installation', () => {
  mkdirSync(join(root, 'libs/own'), { recursive: true });
  symlinkSync('../libs/own', join(root, 'node_modules/own'));
  for (const name of ['one', 'two'])
    writeFileSync(join(root, `libs/own/${name}.mjs`), 'export default import.meta.url;');
  writeFileSync(join(root, 'other.mjs'), `export { default } from 'own';`);
  writeFileSync(
    join(root, 'main.mjs'),
    `import own from 'own'; import other from './other.mjs'; console.log(own === other && own);`,
  );
  for (const name of ['one', 'two']) {
    writeFileSync(join(root, 'libs/own/package.json'), `{"main":"${name}.mjs"}`);
    expect(usedFile()).toMatch(new RegExp(`own/${name}\\.mjs$`));
  }
});

test('a copied checkout loads its own packages', () => {
  usedFile();
  const copy = `${root}-copy`;
  cpSync(root, copy, { recursive: true, preserveTimestamps: true });
  try {
    expect(usedFile(copy)).toBe(place(copy, 'one'));
  } finally {
    rmSync(copy, { recursive: true });
  }
});

test('an unreadable file of resolutions is replaced', () => {
  usedFile();
  for (const damaged of ['', '{"x"']) expect([damage(damaged), usedFile()]).toEqual([1, place(root, 'one')]);
});

function damage(text: string): number {
  const [file, ...others] = readdirSync(root).filter((name) => name.startsWith('resolutions-'));
  writeFileSync(join(root, file ?? ''), text);
  return 1 + others.length;
}
