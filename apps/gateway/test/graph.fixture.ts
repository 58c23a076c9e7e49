import { testUser, startTestService, type TestService } from '@roost/testing';
import Fastify, { type FastifyInstance } from 'fastify';
import { SupergraphRegistry } from '../src/graphql/supergraph-registry.js';
import { gateway } from '../src/service.js';

export const LINK =
  'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])';
const USERS = `${LINK}
  type User @key(fields: "id") { id: ID! name: String! friends(first: Int = 20): [User!]! }
  type Query { me: User user(id: ID!): User }
  type Mutation { rename(name: String!): User }`;
export const HOMES = `${LINK}
  type User @key(fields: "id") { id: ID! home: Home }
  type Home { city: String! owner: User }
  type Query { home: Home homes(first: Int = 20): [Home!] }`;

interface ReceivedOperation {
  query: string;
  variables: Record<string, unknown>;
  headers: Record<string, unknown>;
}

/** A fake service with a subgraph: it serves a schema, and the spec sets its response. */
export class FakeSubgraph {
  readonly received: ReceivedOperation[] = [];
  respond: (operation: ReceivedOperation) => unknown = () => ({ data: null, errors: [] });
  url = '';
  private server: FastifyInstance | null = null;

  constructor(public sdl: string) {}

  async open(): Promise<void> {
    this.server = Fastify({ forceCloseConnections: true });
    this.server.get('/graphql/sdl', () => this.sdl);
    this.server.post('/graphql', async (request) => {
      const operation = { ...(request.body as Omit<ReceivedOperation, 'headers'>), headers: request.headers };
      this.received.push(operation);
      return this.respond(operation);
    });
    this.url = await this.server.listen({ port: 0, host: '127.0.0.1' });
  }

  async close(): Promise<void> {
    await this.server?.close();
  }
}

/** A gateway on fake services. */
export class GraphFixture {
  readonly user = testUser();
  readonly users = new FakeSubgraph(USERS);
  readonly homes = new FakeSubgraph(HOMES);
  /** The subgraphs of the release do not compose with the fake ones, so these services are fakes, too. */
  private readonly others = ['bookings', 'payments', 'reviews'].map(
    (name) => new FakeSubgraph(`${LINK} type Query { ${name}Are: String }`),
  ) as [FakeSubgraph, FakeSubgraph, FakeSubgraph];
  private readonly gateways: TestService[] = [];

  async open(): Promise<TestService> {
    await Promise.all([this.users, this.homes, ...this.others].map((subgraph) => subgraph.open()));
    return this.startGateway();
  }

  async close(): Promise<void> {
    for (const started of this.gateways) await started.close();
    await Promise.all([this.users, this.homes, ...this.others].map((subgraph) => subgraph.close()));
  }

  async startGateway(env: Record<string, string> = {}): Promise<TestService> {
    const [bookings, payments, reviews] = this.others;
    const started = await startTestService(gateway, {
      env: {
        IDENTITY_URL: this.users.url,
        LISTINGS_URL: this.homes.url,
        BOOKINGS_URL: bookings.url,
        PAYMENTS_URL: payments.url,
        REVIEWS_URL: reviews.url,
        METRICS_PORT: '0',
        ...env,
      },
    });
    this.gateways.push(started);
    // Replaces the subgraphs of the release.
    await started.get(SupergraphRegistry).refreshNow();
    return started;
  }

  /** Clears the received operations and sets a default response of the user service. */
  reset(): void {
    this.users.received.length = 0;
    this.homes.received.length = 0;
    this.users.respond = () => ({ data: { me: { __typename: 'User', id: this.user.id, name: 'Ada' } } });
  }

  /** The number of operations that the services received. */
  receivedCount(): number {
    return this.users.received.length + this.homes.received.length;
  }
}
