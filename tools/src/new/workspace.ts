import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { format, resolveConfig } from 'prettier';

/** A wrong call of `npm run new`: one sentence for the terminal. */
export class WrongCall extends Error {}

/** The files of the repository with changes that are written together at the end, or not at all. */
export class Workspace {
  readonly #changed = new Map<string, string>();
  readonly #created = new Set<string>();

  constructor(readonly root: string) {}

  has(path: string): boolean {
    return this.#changed.has(path) || existsSync(join(this.root, path));
  }

  read(path: string): string {
    return this.#changed.get(path) ?? readFileSync(join(this.root, path), 'utf8');
  }

  /** Throws `WrongCall` if the file exists. */
  create(path: string, content: string): void {
    if (this.has(path)) throw new WrongCall(`${path} exists already.`);
    this.#created.add(path);
    this.#changed.set(path, content);
  }

  edit(path: string, change: (content: string) => string): void {
    this.#changed.set(path, change(this.read(path)));
  }

  /** Formats and writes every change. Returns the paths, in order. */
  async write(): Promise<{ path: string; created: boolean }[]> {
    const formatted: [string, string][] = [];
    for (const [path, content] of this.#changed) {
      const file = join(this.root, path);
      formatted.push([path, await format(content, { ...(await resolveConfig(file)), filepath: file })]);
    }
    for (const [path, content] of formatted) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      writeFileSync(join(this.root, path), content);
    }
    return formatted.map(([path]) => ({ path, created: this.#created.has(path) }));
  }
}
