import { StandaloneConfig } from '@roost/app-standalone';
import { definitions } from '@roost/app-standalone/composition';
import { BaseConfig, DatabaseConfig } from '@roost/platform';
import { z } from 'zod';

const HEAD = `# Every setting of Roost, with its default where it has one. Copy what you need to .env; nothing needs to be set for
# "npm start". Each secret can also be given as a file: <NAME>_FILE=path.
# Made from the services' configuration by "npm run docs".`;

const services = await Promise.all(Object.values(definitions).map((load) => load()));

const sections: [string, z.ZodObject][] = [
  ['All services', BaseConfig],
  ['Services with a database', DatabaseConfig],
  ...services.map(({ name, config }): [string, z.ZodObject] => [name, config]),
  ['The one process of npm start', StandaloneConfig],
];

/** .env.example: every variable with one line that says what it takes. */
export function envExample(): string {
  const said = new Set<string>();
  const out = [HEAD];
  for (const [title, config] of sections) {
    out.push('', `## ${title}`);
    for (const [name, schema] of Object.entries(config.shape) as [string, z.ZodType][]) {
      if (said.has(name)) continue;
      said.add(name);
      const description = z.globalRegistry.get(schema)?.description;
      if (!description) throw new Error(`${name} has no description for the one who has to set it`);
      const standard = defaultOf(schema);
      out.push(`# ${description}`, `# ${name}=${standard ?? ''}`);
    }
  }
  return out.join('\n') + '\n';
}

function defaultOf(schema: z.ZodType): string | null {
  const { value } = z.object({ value: schema }).safeParse({}).data ?? {};
  return value === undefined ? null : String(value);
}
