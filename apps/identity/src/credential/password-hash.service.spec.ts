import { PasswordHashService } from './password-hash.service.js';

async function serviceFor(environment: 'development' | 'test' | 'production'): Promise<PasswordHashService> {
  const service = new PasswordHashService({ ROOST_ENV: environment });
  await service.onModuleInit();
  return service;
}

/** The parameters of a hash in the PHC string format; `memoryKib` is the parameter m. */
function parametersOf(hash: string): {
  algorithm: string;
  memoryKib: number;
  iterations: number;
  lanes: number;
} {
  const [, algorithm = '', version, parameters = ''] = hash.split('$');
  expect(version).toBe('v=19');
  const values = new Map(parameters.split(',').map((part) => part.split('=') as [string, string]));
  const value = (name: string) => Number(values.get(name));
  return { algorithm, memoryKib: value('m'), iterations: value('t'), lanes: value('p') };
}

it.each(['production', 'development'] as const)(
  'hashes with Argon2id, 19 MiB, t=2, p=1 in %s',
  async (env) => {
    const hash = await (await serviceFor(env)).hash('quiet harbour lamp');
    expect(parametersOf(hash)).toEqual({
      algorithm: 'argon2id',
      memoryKib: 19 * 1024,
      iterations: 2,
      lanes: 1,
    });
  },
);

it('hashes with Argon2id at a low cost in tests', async () => {
  const hash = await (await serviceFor('test')).hash('quiet harbour lamp');
  expect(parametersOf(hash)).toMatchObject({ algorithm: 'argon2id', memoryKib: 1024 });
});

it('verifies hashes of either cost and rejects another password', async () => {
  const [production, test] = [await serviceFor('production'), await serviceFor('test')];
  const hash = await production.hash('quiet harbour lamp');
  expect(await test.verify(hash, 'quiet harbour lamp')).toBe(true);
  expect(await production.verify(await test.hash('quiet harbour lamp'), 'quiet harbour lamp')).toBe(true);
  expect(await test.verify(hash, 'quiet harbour lamb')).toBe(false);
});

it('matches no password where there is no hash', async () => {
  expect(await (await serviceFor('test')).verify(null, 'quiet harbour lamp')).toBe(false);
});
