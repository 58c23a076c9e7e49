import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { addError, type NewError } from './error.js';
import { addEvent } from './event.js';
import { addFeature } from './feature.js';
import { nounForms } from './names.js';
import { Workspace } from './workspace.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

let copy: string;
beforeEach(() => {
  copy = mkdtempSync(join(tmpdir(), 'roost-new-'));
  const parts = [
    'libs/contracts/src',
    'libs/contracts/fixtures',
    'libs/platform/src/errors',
    '.prettierrc.json',
  ];
  for (const service of ['bookings', 'listings']) {
    parts.push(
      `apps/${service}/src/service.ts`,
      `apps/${service}/src/app.module.ts`,
      `apps/${service}/migrations`,
    );
  }
  for (const part of parts) {
    mkdirSync(join(copy, part, '..'), { recursive: true });
    cpSync(join(root, part), join(copy, part), { recursive: true });
  }
});
afterEach(() => rmSync(copy, { recursive: true }));

const text = (path: string) => readFileSync(join(copy, path), 'utf8');
const tooShort: NewError = {
  code: 'booking.too_short',
  status: 409,
  title: 'The stay is too short',
  what: 'The stay has fewer nights than the marketplace allows.',
  fix: 'Choose a longer stay.',
};

describe('feature', () => {
  test.each(['bookings', 'listings'])('adds a slice to %s and connects it', async (service) => {
    const workspace = new Workspace(copy);
    addFeature(workspace, `${service}/damage-claim`);
    const written = await workspace.write();
    expect(written.filter(({ created }) => created)).toHaveLength(7);
    expect(text(`apps/${service}/src/app.module.ts`)).toMatch(/imports: \[[^\]]*DamageClaimModule/);
    expect(text(`apps/${service}/src/service.ts`)).toMatch(/migrations: \[[^\]]*Migration\d{4}DamageClaim/);
    expect(text(`apps/${service}/src/damage-claim/damage-claim.controller.ts`)).toContain(
      "'v1/damage-claims'",
    );
  });

  test.each([
    ['damage-claim', 'is not the name of a feature'],
    ['bookings/DamageClaim', 'is not the name of a feature'],
    ['hotels/damage-claim', 'There is no service "hotels"'],
  ])('rejects %s', (name, sentence) => {
    expect(() => addFeature(new Workspace(copy), name)).toThrow(sentence);
  });

  test('rejects a name that is taken', () => {
    mkdirSync(join(copy, 'apps/bookings/src/quote'), { recursive: true });
    expect(() => addFeature(new Workspace(copy), 'bookings/quote')).toThrow(
      'apps/bookings/src/quote exists already.',
    );
  });
});

describe('event', () => {
  test('adds a type to the topic of its noun, a fixture and a line in the spec', async () => {
    const workspace = new Workspace(copy);
    addEvent(workspace, 'review.flagged');
    await workspace.write();
    expect(text('libs/contracts/src/reviews.ts')).toContain("'review.flagged': {}");
    expect(JSON.parse(text('libs/contracts/fixtures/review.flagged.json'))).toHaveProperty('reviewId');
    expect(text('libs/contracts/src/contracts.spec.ts')).toContain("review.reply-hidden review.flagged'");
  });

  test.each([
    ['Review.flagged', 'is not the name of an event'],
    ['review', 'is not the name of an event'],
    ['review.published', 'The event review.published exists already.'],
    ['hotel.opened', 'No topic has events of "hotel"'],
  ])('rejects %s', (type, sentence) => {
    expect(() => addEvent(new Workspace(copy), type)).toThrow(sentence);
  });
});

describe('error', () => {
  test('adds a code to its service, in order', async () => {
    const workspace = new Workspace(copy);
    addError(workspace, tooShort);
    await workspace.write();
    const codes = [...text('libs/contracts/src/errors/bookings.ts').matchAll(/^ {2}'([\w.]+)'/gm)].map(
      ([, code]) => code,
    );
    expect(codes).toContain('booking.too_short');
    expect(codes).toEqual(codes.toSorted());
  });

  test('takes the service by name for a new noun', async () => {
    const workspace = new Workspace(copy);
    addError(workspace, { ...tooShort, code: 'voucher.used', service: 'payments' });
    await workspace.write();
    expect(text('libs/contracts/src/errors/payments.ts')).toContain("'voucher.used'");
  });

  test.each<[string, Partial<NewError>, string]>([
    ['a name without a reason', { code: 'booking' }, 'is not the name of an error'],
    ['a taken name', { code: 'quote.expired' }, 'The error quote.expired exists already.'],
    ['a taken name of the core', { code: 'request.invalid' }, 'The error request.invalid exists already.'],
    ['an unknown noun', { code: 'voucher.used' }, 'No service has errors of "voucher" yet'],
    ['an unknown service', { service: 'hotels' }, 'There is no service "hotels"'],
    ['a status that is no error', { status: 200 }, '--status must be an HTTP status'],
  ])('rejects %s', (_what, change, sentence) => {
    expect(() => addError(new Workspace(copy), { ...tooShort, ...change })).toThrow(sentence);
  });
});

test('writes nothing when one of the files can not be made', () => {
  mkdirSync(join(copy, 'apps/bookings/test'), { recursive: true });
  const workspace = new Workspace(copy);
  workspace.create('apps/bookings/test/damage-claims.spec.ts', '');
  expect(() => addFeature(workspace, 'bookings/damage-claim')).toThrow('exists already');
  expect(existsSync(join(copy, 'apps/bookings/src/damage-claim'))).toBe(false);
});

test.each([
  ['party', 'parties'],
  ['day', 'days'],
  ['box', 'boxes'],
  ['damage-claim', 'damage-claims'],
])('the plural of %s is %s', (noun, plural) => {
  expect(nounForms(noun).plural).toBe(plural);
});

describe('the command', () => {
  const run = (...args: string[]) =>
    new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
      const child = execFile(
        process.execPath,
        ['--conditions=@roost/source', '--import', './tools/register.js', 'tools/src/new/main.ts', ...args],
        { cwd: root },
        (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
      );
    });

  test('prints its help', async () => {
    const { code, stdout } = await run('--help');
    expect(code).toBe(0);
    expect(stdout).toContain('npm run new -- feature SERVICE/NOUN');
  });

  test.each([
    [['thing', 'x'], 'Say what to add: feature, event or error'],
    [['event', 'review.published'], 'The event review.published exists already.'],
    [['error', 'quote.late'], 'An error needs --title, --what and --fix'],
    [['feature', 'bookings/x', '--colour', 'red'], "Unknown option '--colour'"],
  ])('answers %j with one sentence and exit code 2', async (args, sentence) => {
    const { code, stderr } = await run(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
