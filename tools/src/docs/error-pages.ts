import { catalogue } from '@roost/platform';

/** docs/errors/*.md: one page per error code and an index, from the catalogue. */
export function errorPages(): Map<string, string> {
  const codes = Object.entries(catalogue);
  const pages = new Map<string, string>();
  for (const [code, { status, title, page }] of codes) {
    pages.set(
      `docs/errors/${code}.md`,
      `# ${code}\n\n${title} (HTTP ${status})\n\n## What happened\n\n${page.what}\n\n## How to fix it\n\n${page.fix}\n`,
    );
  }
  const rows = codes.map(
    ([code, { status, title }]) => `| [\`${code}\`](${code}.md) | ${status} | ${title} |`,
  );
  pages.set(
    'docs/errors/README.md',
    `# Error codes\n\nGenerated from \`libs/contracts/src/errors\` and \`libs/platform\` by \`npm run docs\`. Every error response is \`application/problem+json\` with one of these codes; its \`type\` is the URL of the page.\n\n| code | status | title |\n| --- | --- | --- |\n${rows.join('\n')}\n`,
  );
  return pages;
}
