import { jest } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '@roost/testing';
import { type Env, freshEnvironment, freshFolder, run, stopAll } from './launcher.js';

jest.setTimeout(150_000);
const mounts: string[] = [];

afterAll(async () => {
  for (const folder of mounts.splice(0)) execFileSync('umount', ['--lazy', folder]);
  await stopAll();
});

test.each(['fails', 'hangs'])('a fatal error ends the process although its stop %s', async (how) => {
  const roost = run({}, new URL('./failing-stop.fixture.ts', import.meta.url).pathname, [how]);
  const late = setTimeout(() => roost.child.kill('SIGKILL'), 30_000);
  expect(await roost.ends()).toBe(1);
  clearTimeout(late);
  expect(roost.output()).toContain('the fatal error');
});

/** A file system of its own. */
function aSmallDisk(): string {
  const folder = freshFolder();
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', folder], { stdio: 'ignore' });
  mounts.push(folder);
  return folder;
}

function mayMount(): boolean {
  try {
    execFileSync('umount', [aSmallDisk()]);
    return true;
  } catch {
    return false;
  } finally {
    mounts.length = 0;
  }
}

const whenMountable = mayMount() ? test : test.skip;

whenMountable(
  'on a full disk writes get 503, reads go on, and the service returns when space is freed',
  async () => {
    const disk = aSmallDisk();
    const env: Env = {
      ...(await freshEnvironment()),
      ROOST_DATA_DIR: join(disk, 'data'),
      ROOST_SERVICES: 'identity',
    };
    const roost = run(env);
    await roost.prints('Roost is ready');
    const createUser = () =>
      fetch(`${env.IDENTITY_URL}/dev/users`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{}',
      });
    const created = await createUser();
    expect(created.status).toBe(201);
    const { accessToken } = (await created.json()) as { accessToken: string };
    const read = () =>
      fetch(`${env.IDENTITY_URL}/v1/me`, { headers: { authorization: `Bearer ${accessToken}` } });
    const readiness = () => fetch(`${env.IDENTITY_URL}/health/ready`);

    const filler = join(disk, 'filler');
    const fill = () => {
      const { bavail, bsize } = statfsSync(disk);
      if (bavail > 0) writeFileSync(filler, Buffer.alloc(bavail * bsize), { flag: 'a' });
    };
    await eventually(
      async () => {
        fill();
        const refused = await createUser();
        expect({ status: refused.status, body: await refused.json() }).toMatchObject({
          status: 503,
          body: { code: 'storage.full' },
        });
        expect(refused.headers.get('retry-after')).toBe('10');
      },
      { seconds: 60 },
    );
    expect((await read()).status).toBe(200);
    const degraded = await readiness();
    expect({ status: degraded.status, body: await degraded.json() }).toMatchObject({
      status: 200,
      body: { status: 'degraded', parts: { storage: 'degraded' } },
    });

    rmSync(filler);
    await eventually(async () => expect((await createUser()).status).toBe(201), { seconds: 60 });
    await eventually(async () => expect(await (await readiness()).json()).toMatchObject({ status: 'up' }));
    expect(await roost.ends('SIGINT')).toBe(0);
  },
);
