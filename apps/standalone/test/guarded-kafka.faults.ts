import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { jest } from '@jest/globals';
import { type EmbeddedKafka, startKafka } from '@roost/embedded';
import { reservePort, eventually, freshDatabase, freshRedis, testJwksUrl } from '@roost/testing';
import pg from 'pg';
import { freshFolder, stopAll, type Env, type Run, run } from './launcher.js';

jest.setTimeout(300_000);

const path = (file: string) => new URL(`../../../${file}`, import.meta.url).pathname;
const CLI = path('tools/src/cli/main.ts');
const REVIEWS = path('apps/reviews/src/main.ts');
const keytool = (args: string[]) => promisify(execFile)('keytool', args);

/** The port for clients requires TLS and a password; `startKafka` uses a second port without them. */
describe('a Kafka with TLS and SASL', () => {
  let kafka: EmbeddedKafka;
  let validEnv: Env;
  let databaseUrl: string;

  beforeAll(async () => {
    const folder = freshFolder();
    const [store, certificate] = [join(folder, 'broker.p12'), join(folder, 'broker.pem')];
    const which = ['-alias', 'broker', '-keystore', store, '-storepass', 'changeit'];
    await keytool([
      ...['-genkeypair', ...which, '-storetype', 'PKCS12', '-keyalg', 'EC', '-validity', '2'],
      ...['-dname', 'CN=broker', '-ext', 'SAN=ip:127.0.0.1', '-ext', 'BC=ca:true'],
    ]);
    await keytool(['-exportcert', ...which, '-rfc', '-file', certificate]);
    const [port, guarded, controller] = [await reservePort(), await reservePort(), await reservePort()];
    const plain = 'org.apache.kafka.common.security.plain.PlainLoginModule';
    const scram = 'org.apache.kafka.common.security.scram.ScramLoginModule';
    kafka = await startKafka({
      dataDir: join(folder, 'kafka'),
      port,
      temporary: true,
      formatArguments: [
        '--add-scram',
        'SCRAM-SHA-256=[name=roost,password=right]',
        '--add-scram',
        'SCRAM-SHA-512=[name=roost,password=right]',
      ],
      properties: {
        'controller.quorum.voters': `1@127.0.0.1:${controller}`,
        listeners: `CLIENTS://127.0.0.1:${port},GUARDED://127.0.0.1:${guarded},CONTROLLER://127.0.0.1:${controller}`,
        'advertised.listeners': `CLIENTS://127.0.0.1:${port},GUARDED://127.0.0.1:${guarded}`,
        'listener.security.protocol.map': 'CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT,GUARDED:SASL_SSL',
        'listener.name.guarded.ssl.keystore.type': 'PKCS12',
        'listener.name.guarded.ssl.keystore.location': store,
        'listener.name.guarded.ssl.keystore.password': 'changeit',
        'listener.name.guarded.ssl.key.password': 'changeit',
        'listener.name.guarded.sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
        'listener.name.guarded.plain.sasl.jaas.config': `${plain} required user_roost="right";`,
        'listener.name.guarded.scram-sha-256.sasl.jaas.config': `${scram} required;`,
        'listener.name.guarded.scram-sha-512.sasl.jaas.config': `${scram} required;`,
      },
    });
    databaseUrl = await freshDatabase('reviews');
    validEnv = {
      ROOST_MODE: 'distributed',
      DATABASE_URL: databaseUrl,
      REDIS_URL: await freshRedis(),
      // There is no identity here.
      JWKS_URL: testJwksUrl(),
      KAFKA_BROKERS: `127.0.0.1:${guarded}`,
      KAFKA_TLS: 'on',
      KAFKA_SASL: 'scram-sha-512',
      KAFKA_USERNAME: 'roost',
      KAFKA_PASSWORD: 'right',
      NODE_EXTRA_CA_CERTS: certificate,
    };
  });
  afterAll(async () => {
    await stopAll();
    await kafka?.stop();
  });

  async function roost(env: Env, ...args: string[]): Promise<{ code: number | null; output: string }> {
    const command = run(env, CLI, args);
    const code = await command.ends();
    return { code, output: command.output() };
  }

  async function reviews(
    env: Env,
  ): Promise<{ service: Run; ready(): Promise<{ status: number; kafka: string }> }> {
    const port = await reservePort();
    const service = run({ ...env, PORT: String(port) }, REVIEWS);
    await service.prints('"msg":"listening"');
    return {
      service,
      ready: async () => {
        const response = await fetch(`http://127.0.0.1:${port}/health/ready`);
        const { parts } = (await response.json()) as { parts: { kafka: string } };
        return { status: response.status, kafka: parts.kafka };
      },
    };
  }

  const without = (...names: string[]): Env =>
    Object.fromEntries(Object.entries(validEnv).filter(([name]) => !names.includes(name)));

  test.each(['scram-sha-512', 'scram-sha-256', 'plain'])(
    'creates topics over TLS and %s',
    async (mechanism) => {
      const { code, output } = await roost({ ...validEnv, KAFKA_SASL: mechanism }, 'topics', 'apply');
      expect({ code, output }).toEqual({
        code: 0,
        output: expect.stringMatching(/reviews\.review .*(created|unchanged)/),
      });
    },
  );

  test('delivers the events of a service', async () => {
    await roost(validEnv, 'topics', 'apply');
    const { service, ready } = await reviews(validEnv);
    await eventually(async () => expect(await ready()).toEqual({ status: 200, kafka: 'up' }), {
      seconds: 60,
    });
    const client = new pg.Client({ connectionString: databaseUrl });
    await client.connect();
    const key = '01a20d4b-4e6d-7016-9ee8-085f8fa5833b';
    await client.query(
      `INSERT INTO outbox_event (type, topic, key, compacted, aggregate_version, schema_version, body)
       VALUES ('rating.changed', 'reviews.rating', $1, true, 1, 1, '{}')`,
      [key],
    );
    await client.end();
    await eventually(
      async () => {
        const { output } = await roost(
          validEnv,
          'events',
          'tail',
          '--no-follow',
          '--topic',
          'reviews.rating',
        );
        expect(output).toMatch(new RegExp(`rating\\.changed +${key}`));
      },
      { seconds: 60 },
    );
    expect(await service.ends('SIGTERM')).toBe(0);
  });

  test.each<[string, () => Env, RegExp]>([
    [
      'a wrong password',
      () => ({ ...validEnv, KAFKA_PASSWORD: 'wrong' }),
      /SCRAM SHA512 authentication failed.*: check KAFKA_USERNAME/,
    ],
    [
      'a wrong password, plain',
      () => ({ ...validEnv, KAFKA_SASL: 'plain', KAFKA_PASSWORD: 'wrong' }),
      /PLAIN authentication failed.*: check KAFKA_USERNAME/,
    ],
    [
      'an unknown certificate',
      () => without('NODE_EXTRA_CA_CERTS'),
      /self-signed certificate.*NODE_EXTRA_CA_CERTS/,
    ],
    [
      'no user name',
      () => without('KAFKA_SASL', 'KAFKA_USERNAME', 'KAFKA_PASSWORD'),
      /check that KAFKA_TLS and KAFKA_SASL match this port/,
    ],
    [
      'no TLS',
      () => ({ ...validEnv, KAFKA_TLS: 'off' }),
      /check that KAFKA_TLS and KAFKA_SASL match this port/,
    ],
    [
      'TLS on a port without TLS',
      () => ({ ...validEnv, KAFKA_BROKERS: kafka.brokers }),
      /check that KAFKA_TLS and KAFKA_SASL match this port/,
    ],
  ])(
    'with %s: the command prints one line; the service logs it, retries, and is not ready',
    async (_, env, why) => {
      const { code, output } = await roost(env(), 'topics', 'list');
      expect({ code, output }).toEqual({ code: 1, output: expect.stringMatching(why) });
      expect(output.trim().split('\n')).toHaveLength(1);
      const { service, ready } = await reviews(env());
      await service.prints(/consumer crashed; it will be restarted/);
      expect(await ready()).toEqual({ status: 503, kafka: 'down' });
      expect(service.output()).toMatch(why);
      expect(service.output()).not.toContain('"wrong"');
      expect(await service.ends('SIGTERM')).toBe(0);
    },
  );
});
