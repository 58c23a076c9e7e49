import { addressesFrom, composeEnvironment, type Composition } from './environment.js';

const secrets = {
  ENCRYPTION_KEY: 'e'.repeat(43),
  LOCATION_SECRET: 'l'.repeat(43),
  SANDBOX_WEBHOOK_SECRET: 's'.repeat(43),
};

function composition(env: Record<string, string> = {}): Composition {
  return {
    env,
    secrets,
    addresses: addressesFrom(env),
    dataDir: '/data',
    databaseUrl: (database) => `postgresql://here/${database}`,
    kafkaBrokers: null,
    redisUrl: 'redis://here',
  };
}

test('each service has a database and a port of its own, and knows where the others are', () => {
  expect(composeEnvironment('bookings', composition())).toMatchObject({
    ROOST_MODE: 'embedded',
    ROOST_DATA_DIR: '/data',
    PORT: '3003',
    DATABASE_URL: 'postgresql://here/roost_bookings',
    REDIS_URL: 'redis://here',
    PUBLIC_URL: 'http://localhost:3000',
    JWKS_URL: 'http://127.0.0.1:3001/.well-known/jwks.json',
    PAYMENTS_URL: 'http://127.0.0.1:3004',
    SANDBOX_URL: 'http://127.0.0.1:3010',
    ...secrets,
  });
});

test('PORT is the gateway’s, and moves the public address', () => {
  const moved = composition({ PORT: '4000' });
  expect(composeEnvironment('gateway', moved)).toMatchObject({
    PORT: '4000',
    PUBLIC_URL: 'http://localhost:4000',
  });
  expect(composeEnvironment('identity', moved)).toMatchObject({
    PORT: '3001',
    PUBLIC_URL: 'http://localhost:4000',
  });
});

test('the address of a service says where it listens, and all others hear of it', () => {
  const moved = composition({ IDENTITY_URL: 'http://127.0.0.1:5001/' });
  expect(composeEnvironment('identity', moved)).toMatchObject({ PORT: '5001' });
  expect(composeEnvironment('gateway', moved)).toMatchObject({
    PORT: '3000',
    IDENTITY_URL: 'http://127.0.0.1:5001',
    JWKS_URL: 'http://127.0.0.1:5001/.well-known/jwks.json',
  });
});

test('what a person sets goes before what is made up, secrets and their files included', () => {
  const set = composition({
    PUBLIC_URL: 'https://roost.example',
    ENCRYPTION_KEY: 'mine',
    LOCATION_SECRET_FILE: '/run/secrets/location',
    LOG_LEVEL: '  ',
  });
  const env = composeEnvironment('listings', set);
  expect(env).toMatchObject({
    PUBLIC_URL: 'https://roost.example',
    ENCRYPTION_KEY: 'mine',
    LOCATION_SECRET_FILE: '/run/secrets/location',
  });
  expect(env).not.toHaveProperty('LOCATION_SECRET');
  expect(env).not.toHaveProperty('LOG_LEVEL');
});

test.each([
  [undefined, 'on'],
  ['development', 'on'],
  ['test', 'off'],
  ['production', 'off'],
])('ROOST_ENV=%s turns demo accounts %s', (environment, demo) => {
  expect(
    composeEnvironment('identity', composition(environment ? { ROOST_ENV: environment } : {})).ROOST_DEMO,
  ).toBe(demo);
});

test('in production BIND_HOST is the gateway’s; the services behind it stay on loopback', () => {
  const production = composition({ ROOST_ENV: 'production', BIND_HOST: '0.0.0.0' });
  expect(composeEnvironment('gateway', production).BIND_HOST).toBe('0.0.0.0');
  expect(composeEnvironment('identity', production).BIND_HOST).toBe('127.0.0.1');
  expect(composeEnvironment('identity', composition({ BIND_HOST: '0.0.0.0' })).BIND_HOST).toBe('0.0.0.0');
});
