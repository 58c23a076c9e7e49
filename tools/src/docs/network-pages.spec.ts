import { definitions } from '@roost/app-standalone/composition';
import { parseAllDocuments } from 'yaml';
import { networkPages, readArrows } from './network-pages.js';

const arrows = readArrows();
const text = ({ from, to, port }: { from: string; to: string; port: number }) => `${from} → ${to}:${port}`;
const services = await Promise.all(Object.values(definitions).map((load) => load()));
const names = new Set<string>(services.map(({ name }) => name));

describe('the arrows', () => {
  it('are between apps those that their definitions require, and no others', () => {
    const identity = services.find(({ name }) => name === 'identity');
    const expected = services.flatMap(({ name, port }) => [
      ...(name === 'gateway' ? [] : [{ from: 'gateway', to: name, port }]),
      // The keys of access tokens.
      ...(name === 'gateway' || name === 'identity'
        ? []
        : [{ from: name, to: 'identity', port: identity?.port ?? 0 }]),
      // The subjects of reports (ADR 39).
      ...(['listings', 'bookings', 'reviews'].includes(name) ? [{ from: 'identity', to: name, port }] : []),
    ]);
    const found = arrows.filter(({ from, to }) => names.has(from) && names.has(to));
    expect(found.map(text).toSorted()).toEqual(expected.map(text).toSorted());
  });

  it('lead from each service to the servers that its definition names', () => {
    const expected = services.flatMap(({ name, database = true, messaging = true }) => [
      { from: name, to: 'redis', port: 6379 },
      ...(database ? [{ from: name, to: 'postgres', port: 5432 }] : []),
      ...(database ? [{ from: `${name}-migrate`, to: 'postgres', port: 5432 }] : []),
      ...(database && messaging ? [{ from: name, to: 'kafka', port: 9092 }] : []),
    ]);
    const servers = new Set(['redis', 'postgres', 'kafka']);
    const found = arrows.filter(({ from, to }) => servers.has(to) && from !== 'sandbox' && from !== 'topics');
    expect(found.map(text).toSorted()).toEqual(expected.map(text).toSorted());
  });

  it('let Prometheus read the metrics of each service, and not the public port of the gateway', () => {
    const expected = services.map(({ name, port, http }) => ({
      from: 'prometheus',
      to: name,
      port: http?.metricsPort ?? port,
    }));
    const found = arrows.filter(({ from }) => from === 'prometheus');
    expect(found.map(text).toSorted()).toEqual(expected.map(text).toSorted());
  });

  it('are each in the policies of both sides', () => {
    interface Policy {
      metadata: { name: string };
      spec: { podSelector: object; ingress?: Rule[]; egress?: Rule[] };
    }
    type Rule = Record<'from' | 'to', object[]> & { ports: { port: number }[] };
    const policies = [...networkPages()].flatMap(([path, content]) =>
      path.endsWith('.yaml') ? parseAllDocuments(content).map((document) => document.toJS() as Policy) : [],
    );
    const named = (name: string) => ({ matchLabels: { 'app.kubernetes.io/name': name } });
    const allowed = (pod: string, side: 'from' | 'to') =>
      policies
        .filter(({ spec }) => JSON.stringify(spec.podSelector) === JSON.stringify(named(pod)))
        .flatMap(({ spec }) => (side === 'from' ? spec.ingress : spec.egress) ?? [])
        .flatMap((rule) =>
          rule[side].flatMap((peer) => rule.ports.map(({ port }) => JSON.stringify([peer, port]))),
        );
    const pods = new Set(policies.map(({ spec }) => JSON.stringify(spec.podSelector)));
    const isPod = (name: string) => pods.has(JSON.stringify(named(name)));
    for (const { from, to, port } of arrows.filter((arrow) => isPod(arrow.from) && isPod(arrow.to))) {
      expect(allowed(from, 'to')).toContain(JSON.stringify([{ podSelector: named(to) }, port]));
      expect(allowed(to, 'from')).toContain(JSON.stringify([{ podSelector: named(from) }, port]));
    }
    const rules = [...pods].flatMap((pod) => {
      const name = Object.values((JSON.parse(pod) as { matchLabels: object }).matchLabels)[0] as string;
      return [...allowed(name, 'from'), ...allowed(name, 'to')];
    });
    // "internet" is two networks, one of IPv4 and one of IPv6.
    const sides = arrows.flatMap(({ from, to }) => [
      isPod(from) ? 1 : 0,
      isPod(to) ? 1 : to === 'internet' ? 1 : 0,
    ]);
    expect(rules).toHaveLength(sides.reduce((sum, side) => sum + side, 0));
  });
});
