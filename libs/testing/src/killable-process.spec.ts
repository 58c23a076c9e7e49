import { eventually } from './eventually.js';
import { KillableProcess } from './killable-process.js';
import { reservePort } from './parts.js';

describe('KillableProcess', () => {
  const started: KillableProcess[] = [];
  afterEach(async () => {
    await Promise.all(started.splice(0).map((program) => program.stop()));
  });

  async function aProgram(options: { faults?: string[]; startsOnMessage?: boolean } = {}) {
    const url = `http://127.0.0.1:${await reservePort()}`;
    const program = new KillableProcess({
      name: 'program',
      script: 'libs/testing/src/killable-program.fixture.ts',
      env: {
        PORT: new URL(url).port,
        ...(options.startsOnMessage ? { STARTS_ON_MESSAGE: 'yes' } : {}),
      },
      ready: async () => void (await fetch(url)),
      ...options,
    });
    started.push(program);
    await program.start();
    const read = async () => (await (await fetch(url)).json()) as { pid: number; fault: string | null };
    return { program, url, read };
  }

  async function killAndWait(program: KillableProcess): Promise<void> {
    const { kills } = program;
    program.kill();
    await eventually(() => expect(program.kills).toBe(kills + 1));
    await program.healthy();
  }

  test('restarts after a kill, and each killed run consumes a fault', async () => {
    const { program, read } = await aProgram({ faults: ['a:kill', 'b:kill'] });
    const first = await read();
    expect(first.fault).toBe('a:kill');
    const startedAt = program.startedAt;
    await killAndWait(program);
    const second = await read();
    expect(second.fault).toBe('b:kill');
    expect(second.pid).not.toBe(first.pid);
    expect(program.startedAt).toBeGreaterThan(startedAt);
    await killAndWait(program);
    expect((await read()).fault).toBeNull();
  });

  test('restarts with the preloaded process', async () => {
    const { program, read } = await aProgram({ faults: ['a:kill'], startsOnMessage: true });
    expect((await read()).fault).toBe('a:kill');
    program.preload();
    await killAndWait(program);
    expect((await read()).fault).toBeNull();
  });

  test('reports a run that ended without being killed', async () => {
    const { program, url } = await aProgram();
    await fetch(`${url}/exit`).catch(() => undefined);
    await eventually(() => expect(program.healthy()).rejects.toThrow('program ended with exit code 3'));
    expect(program.kills).toBe(0);
  });
});
