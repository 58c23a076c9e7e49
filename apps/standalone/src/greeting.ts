export interface Greeting {
  seconds: string;
  publicUrl: string;
  services: { name: string; url: string }[];
  dataDir: string;
  postgres: string;
  redis: string;
  /** Null if the services share a process. */
  kafka: string | null;
  logFile: string | null;
  development: boolean;
  hasGateway: boolean;
  accounts: { emails: string[]; password: string } | null;
}

export function greeting(facts: Greeting): string {
  const { publicUrl } = facts;
  const rows = (pairs: [string, string][]) => {
    const width = Math.max(...pairs.map(([label]) => label.length));
    return pairs.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
  };
  const lines = ['', `Roost is ready (${facts.seconds} s).`, ''];
  const places: [string, string][] = facts.services.map(({ name, url }) => [name, url]);
  if (facts.hasGateway) {
    places.unshift(['API', publicUrl], ['API pages', `${publicUrl}/docs`]);
    if (facts.development) places.splice(2, 0, ['mail', `${publicUrl}/dev/inbox`]);
  }
  places.push(['PostgreSQL', facts.postgres], ['Redis', facts.redis]);
  if (facts.kafka) places.push(['Kafka', facts.kafka]);
  places.push(['data', facts.dataDir]);
  if (facts.logFile) places.push(['log', facts.logFile]);
  lines.push(...rows(places), '');
  if (facts.accounts) {
    lines.push(`Accounts, all with the password ${facts.accounts.password}:`);
    lines.push(`  ${facts.accounts.emails.join('  ')}`, '');
  }
  if (facts.hasGateway && facts.development) {
    lines.push('Try, in another terminal:');
    lines.push(
      ...rows([
        ['npm run tour', 'walks through the whole API and prints each step'],
        [`curl -s '${publicUrl}/v1/listings/search?city=Lisbon&guests=2'`, ''],
      ]).map((line) => line.trimEnd()),
      '',
    );
  }
  lines.push('Ctrl-C stops everything.');
  return lines.join('\n');
}
