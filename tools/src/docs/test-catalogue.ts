import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'rolldown/utils';

/** A case: the titles of its blocks and its own. */
export type CaseTitle = readonly string[];

interface Node {
  type: string;
  [key: string]: unknown;
}

const BLOCKS = new Set(['describe']);
const CASES = new Set(['test', 'it']);

/** The titles of the cases of a spec file, in its order. A case of a table counts once, with its placeholders. */
export function casesOf(source: string): CaseTitle[] {
  const found: CaseTitle[] = [];
  const visit = (value: unknown, blocks: CaseTitle): void => {
    if (Array.isArray(value)) for (const one of value) visit(one, blocks);
    if (!isNode(value)) return;
    const call = value.type === 'CallExpression' ? value : null;
    const name = call && calledName(call.callee as Node);
    const [title, ...rest] = (call?.arguments ?? []) as Node[];
    const text = title && textOf(title);
    if (name && text !== null && text !== undefined && rest.length > 0) {
      if (CASES.has(name)) found.push([...blocks, text]);
      if (BLOCKS.has(name)) return visit(rest, [...blocks, text]);
    }
    for (const child of Object.values(value)) visit(child, blocks);
  };
  visit(parseSync('spec.ts', source, { lang: 'ts' }).program.body, []);
  return found;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

/** `test`, `test.skip`, `test.each(…)` and test.each`…` are all calls of `test`. */
function calledName(callee: Node): string | null {
  if (callee.type === 'Identifier') return callee.name as string;
  if (callee.type === 'MemberExpression') return calledName(callee.object as Node);
  if (callee.type === 'CallExpression') return calledName(callee.callee as Node);
  if (callee.type === 'TaggedTemplateExpression') return calledName(callee.tag as Node);
  return null;
}

function textOf(node: Node): string | null {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  if (node.type !== 'TemplateLiteral') return null;
  const quasis = node.quasis as { value: { cooked: string } }[];
  return quasis.map(({ value }) => value.cooked).join('…');
}

interface Area {
  name: string;
  files: { path: string; cases: CaseTitle[] }[];
}

/**
 * The catalogue of test cases: one page per project. Git merges these pages line by line (merge=union in .gitattributes),
 * and `npm run docs` puts them in order again.
 */
export function testCatalogue(root: string): Map<string, string> {
  const areas = areasOf(root);
  const pages = areas.map((area): [string, string] => [`docs/tests/${area.name}.md`, areaPage(area)]);
  return new Map([['docs/tests/README.md', indexPage(areas)], ...pages]);
}

function areasOf(root: string): Area[] {
  const paths = globSync('{apps,libs,tools}/**/*.{spec,faults}.ts', {
    cwd: root,
    exclude: (path) => /(?:^|\/)(?:node_modules|dist)$/.test(path),
  }).sort();
  const areas = new Map<string, Area>();
  for (const path of paths) {
    const name = /^(?:(?:apps|libs)\/)?([^/]+)/.exec(path)?.[1] ?? path;
    const area = areas.get(name) ?? { name, files: [] };
    area.files.push({ path, cases: casesOf(readFileSync(join(root, path), 'utf8')) });
    areas.set(name, area);
  }
  return [...areas.values()];
}

const count = (area: Area, faults: boolean) =>
  area.files
    .filter(({ path }) => path.endsWith('.faults.ts') === faults)
    .reduce((sum, { cases }) => sum + cases.length, 0);

const GENERATED = 'Written by `npm run docs` from the titles in the specs.';

function indexPage(areas: readonly Area[]): string {
  const rows = areas.map(
    (area) =>
      `| [${area.name}](${area.name}.md) | ${area.files.length} | ${count(area, false)} | ${count(area, true)} |`,
  );
  return `# Test cases

${GENERATED} A case of a table counts once. [The test plan](../test-plan.md) says what runs when.

| area | files | cases | fault cases |
| ---- | ----- | ----- | ----------- |
${rows.join('\n')}
`;
}

function areaPage({ name, files }: Area): string {
  const sections = files.map(({ path, cases }) => {
    const lines = cases.map((titles) => `- ${titles.map(escape).join(' › ')}`);
    return `## ${path}\n\n${lines.join('\n')}\n`;
  });
  return `# Test cases of ${name}\n\n${GENERATED}\n\n${sections.join('\n')}`;
}

const escape = (title: string) => title.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_<>[\]#|]/g, '\\$&');
