import { ellipse, HEIGHT, line, path, type Point, rect, type Sheet, WIDTH } from './svg.js';
import { hills, sky } from './scenery.js';

const WOODS = ['#4a3526', '#5a4330', '#3c2c22', '#6b513a'];

function eaves(
  sheet: Sheet,
  [x, y, w, rise]: readonly [x: number, y: number, w: number, rise: number],
): string {
  const tile = sheet.lit('#4a5159');
  const parts = [
    path(
      `M${x - 34} ${y} Q${x + 6} ${y - rise * 0.25} ${x + 36} ${y - rise} H${x + w - 36} Q${x + w - 6} ${y - rise * 0.25} ${x + w + 34} ${y} Q${x + w / 2} ${y + 10} ${x - 34} ${y} Z`,
      tile,
    ),
    rect([x + 30, y - rise - 8, w - 60, 11], sheet.lit('#363c43'), 'rx="4"'),
  ];
  const rows = Math.floor(w / 15);
  for (let i = 1; i < rows; i += 1) {
    const share = i / rows;
    parts.push(
      line(
        [x + 36 + (w - 72) * share, y - rise],
        [x - 30 + (w + 60) * share, y + 3],
        [sheet.lit('#2c3138'), 2],
      ),
    );
  }
  return parts.join('');
}

function machiya(sheet: Sheet, x: number, w: number, base: number): string {
  const { random } = sheet;
  const wood = sheet.lit(random.pick(WOODS));
  const dark = sheet.lit('#2b2019');
  const warm = sheet.light.lit > 0.3 ? '#ffd88a' : sheet.lit('#efe6d2');
  const plaster = sheet.lit(random.pick(['#e6dcc4', '#d8c9a6', '#f0ebe0']));
  const [upper, lower] = [base - 232, base - 130];
  const parts = [
    rect([x + 14, upper, w - 28, 120], plaster),
    eaves(sheet, [x, upper + 4, w, 62]),
    rect([x, lower - 8, w, 140], wood),
  ];
  const slit = random.pick(['bars', 'shutters'] as const);
  parts.push(rect([x + w * 0.2, upper + 34, w * 0.6, 44], warm));
  for (let bar = x + w * 0.2; bar <= x + w * 0.8; bar += slit === 'bars' ? 9 : 22) {
    parts.push(rect([bar, upper + 32, 4, 48], dark));
  }
  parts.push(eaves(sheet, [x - 8, lower - 2, w + 16, 36]));
  parts.push(rect([x + w * 0.06, lower + 18, w * 0.5, 100], warm));
  for (let bar = x + w * 0.06; bar < x + w * 0.56; bar += 10)
    parts.push(rect([bar, lower + 16, 4.5, 104], dark));
  parts.push(rect([x + w * 0.06, lower + 64, w * 0.5, 5], dark));
  parts.push(
    rect([x + w * 0.64, lower + 12, w * 0.26, 120], sheet.light.lit > 0.3 ? '#e8a94e' : sheet.lit('#6a5a45')),
  );
  const cloth = sheet.lit(random.pick(['#27406b', '#7a2f2f', '#3e5a45', '#d8cfbb']));
  for (let i = 0; i < 3; i += 1)
    parts.push(rect([x + w * 0.64 + i * w * 0.09, lower + 12, w * 0.083, 50], cloth));
  parts.push(lantern(sheet, x + w * 0.6, lower + 30, 1));
  return parts.join('');
}

function lantern(sheet: Sheet, x: number, y: number, size: number): string {
  const glow = sheet.light.lit > 0.3;
  const halo = sheet.gradient(
    [
      [0, '#ffcf7a', 0.75],
      [1, '#ffcf7a', 0],
    ],
    true,
  );
  return (
    (glow ? ellipse([x, y, 70 * size, 70 * size], halo) : '') +
    ellipse([x, y, 15 * size, 20 * size], glow ? '#ffd68a' : sheet.lit('#f3e7cf')) +
    [-10, 0, 10]
      .map((off) =>
        line(
          [x - 14 * size, y + off * size],
          [x + 14 * size, y + off * size],
          ['#8a5a2c', 1],
          'opacity="0.5"',
        ),
      )
      .join('') +
    rect([x - 7 * size, y - 23 * size, 14 * size, 5], sheet.lit('#241a14')) +
    rect([x - 7 * size, y + 18 * size, 14 * size, 5], sheet.lit('#241a14'))
  );
}

function pagoda(sheet: Sheet, x: number, base: number): string {
  const parts: string[] = [];
  const color = sheet.lit('#5b4650', 0.18);
  for (let level = 0; level < 5; level += 1) {
    const [w, y] = [150 - level * 20, base - 50 - level * 46];
    parts.push(rect([x - w / 3, y, (w / 3) * 2, 50], sheet.lit('#8a4438', 0.18)));
    parts.push(
      path(
        `M${x - w / 2 - 18} ${y + 4} Q${x - w / 4} ${y - 8} ${x} ${y - 26} Q${x + w / 4} ${y - 8} ${x + w / 2 + 18} ${y + 4} Z`,
        color,
      ),
    );
  }
  parts.push(rect([x - 2, base - 330, 4, 80], color));
  return parts.join('');
}

/** A branch at the edge of the picture, with blossom or autumn leaves. */
function twig(sheet: Sheet, leaves: readonly string[], fromRight: boolean): string {
  const { random } = sheet;
  const flip = (x: number) => (fromRight ? WIDTH - x : x);
  const bark = sheet.lit('#3a2a24');
  const parts = [
    path(
      `M${flip(-20)} 40 Q${flip(160)} 70 ${flip(330)} 140 T${flip(520)} 150`,
      'none',
      `stroke="${bark}" stroke-width="11" stroke-linecap="round"`,
    ),
  ];
  const along: Point[] = [];
  for (let i = 0; i < 12; i += 1) along.push([30 + i * 42, 48 + i * 10]);
  for (const [x, y] of along) {
    for (let i = 0; i < 13; i += 1) {
      const size = random.between(5, 12);
      parts.push(
        ellipse(
          [flip(x + random.between(-48, 48)), y + random.between(-40, 48), size, size * 0.85],
          sheet.lit(random.pick(leaves), -0.1),
          'opacity="0.9"',
        ),
      );
    }
  }
  return parts.join('');
}

export function kyoto(sheet: Sheet): string {
  const { random } = sheet;
  const leaves = random.pick([
    ['#f6c9d6', '#f2aebf', '#fbe3ea', '#ec93ab'],
    ['#c83f2b', '#e06a2f', '#f0a23c', '#a52f2a'],
    ['#6f9a4c', '#8ab35f', '#507c3d'],
  ]);
  const parts = [sky(sheet, 400), hills(sheet, 390, 170, '#6f8aa3'), hills(sheet, 440, 120, '#4f6f5c')];
  parts.push(pagoda(sheet, random.between(280, 920), 500));
  const base = 660;
  for (let x = -90 * random.next(); x < WIDTH;) {
    const w = random.between(250, 340);
    parts.push(machiya(sheet, x, w, base));
    x += w + random.between(4, 26);
  }
  parts.push(rect([0, base, WIDTH, HEIGHT - base], sheet.lit('#8d8a84')));
  for (let row = 0; row < 5; row += 1) {
    const [y, tall] = [base + row * (15 + row * 5), 14 + row * 6];
    for (let x = -60 * random.next(); x < WIDTH;) {
      const w = random.between(60, 110) * (1 + row * 0.25);
      parts.push(
        rect(
          [x + 2, y + 2, w - 4, tall],
          sheet.lit(random.pick(['#a39f97', '#989389', '#aeaaa2'])),
          'rx="5"',
        ),
      );
      x += w;
    }
  }
  parts.push(twig(sheet, leaves, random.is(0.5)));
  for (let i = 0; i < 26; i += 1) {
    parts.push(
      ellipse(
        [random.between(0, WIDTH), random.between(200, HEIGHT), 4, 2.6],
        sheet.lit(random.pick(leaves), -0.05),
        'opacity="0.85"',
      ),
    );
  }
  return parts.join('');
}
