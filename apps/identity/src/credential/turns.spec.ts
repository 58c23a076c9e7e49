import { Turns } from './turns.js';

const refuse = () => new Error('too many');

function held() {
  let open = () => undefined as void;
  const gate = new Promise<void>((resolve) => (open = resolve));
  return { gate, open: () => open() };
}

it('runs the tasks of one key in order, one at a time, whether they fail or not', async () => {
  const turns = new Turns(10);
  const log: string[] = [];
  const task = (name: string) => async () => {
    log.push(`${name} begins`);
    await Promise.resolve();
    log.push(`${name} ends`);
    if (name === 'b') throw new Error('b failed');
    return name;
  };
  const results = await Promise.allSettled(
    ['a', 'b', 'c'].map((name) => turns.take('k', task(name), refuse)),
  );
  expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  expect(results.map((r) => r.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});

it('does not make other keys wait', async () => {
  const turns = new Turns(10);
  const { gate, open } = held();
  const first = turns.take('a', () => gate, refuse);
  await expect(turns.take('b', async () => 'b', refuse)).resolves.toBe('b');
  open();
  await first;
});

it('refuses beyond its limit and takes again once there is room', async () => {
  const turns = new Turns(2);
  const { gate, open } = held();
  const taken = [turns.take('a', () => gate, refuse), turns.take('a', () => gate, refuse)];
  await expect(turns.take('a', () => gate, refuse)).rejects.toThrow('too many');
  open();
  await Promise.all(taken);
  await expect(turns.take('a', async () => 'again', refuse)).resolves.toBe('again');
});
