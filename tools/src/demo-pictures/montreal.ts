import { ellipse, HEIGHT, path, rect, type Sheet, WIDTH } from './svg.js';
import { hills, pane, sky } from './scenery.js';

const BRICKS = ['#9c4a3a', '#8a5a44', '#b0664c', '#7a4038', '#a9917c', '#6f6a68'];
const DOORS = ['#2f6f73', '#c9a227', '#7a2f3f', '#2d4f7c', '#3f6b45', '#d9d2c3'];

function maple(
  sheet: Sheet,
  [x, base, tall]: readonly [x: number, base: number, tall: number],
  leaves: readonly string[],
): string {
  const { random } = sheet;
  const parts = [
    path(
      `M${x - 9} ${base} Q${x - 2} ${base - tall * 0.5} ${x - 4} ${base - tall} H${x + 4} Q${x + 3} ${base - tall * 0.5} ${x + 10} ${base} Z`,
      sheet.lit('#4c3b31'),
    ),
  ];
  for (let i = 0; i < 46; i += 1) {
    const angle = random.between(0, Math.PI * 2);
    const far = Math.sqrt(random.next()) * tall * 0.45;
    parts.push(
      ellipse(
        [
          x + Math.cos(angle) * far,
          base - tall + Math.sin(angle) * far * 0.8,
          random.between(15, 31),
          random.between(12, 24),
        ],
        sheet.lit(random.pick(leaves)),
        'opacity="0.92"',
      ),
    );
  }
  return parts.join('');
}

function triplex(
  sheet: Sheet,
  [x, w, base]: readonly [x: number, w: number, base: number],
  snow: boolean,
): string {
  const { random } = sheet;
  const floors = 3;
  const floor = random.between(118, 132);
  const top = base - floors * floor;
  const brick = random.pick(BRICKS);
  const seams = sheet.pattern(
    22,
    12,
    rect([0, 0, 22, 12], sheet.lit(brick)) +
      rect([0, 11, 22, 1], '#000000', 'opacity="0.16"') +
      rect([10, 0, 1, 12], '#000000', 'opacity="0.1"'),
  );
  const stone = sheet.lit('#cfc4b2');
  const parts = [
    rect([x, top, w, base - top], seams),
    rect([x - 4, top - 26, w + 8, 28], sheet.lit(random.pick(['#3e4a46', '#5a3d36', '#40454f']))),
  ];
  for (let tooth = x; tooth < x + w; tooth += 18) parts.push(rect([tooth, top - 4, 9, 10], stone));
  if (snow) parts.push(rect([x - 6, top - 34, w + 12, 12], sheet.lit('#ffffff'), 'rx="6"'));
  const door = sheet.lit(random.pick(DOORS));
  for (let level = 0; level < floors; level += 1) {
    const y = top + level * floor + 20;
    for (const at of [0.1, 0.4]) {
      parts.push(rect([x + w * at - 6, y - 9, w * 0.22 + 12, 9], stone));
      parts.push(pane(sheet, [x + w * at, y, w * 0.22, 74], '#e9e4da'));
    }
    parts.push(rect([x + w * 0.72, y, w * 0.17, 96], door));
    parts.push(
      rect([x + w * 0.745, y + 9, w * 0.12, 32], sheet.light.lit > 0.3 ? '#ffdd91' : sheet.lit('#7d97a5')),
    );
    if (level < 2) {
      const rail = sheet.lit('#26292e');
      const by = y + 96;
      parts.push(rect([x + w * 0.34, by, w * 0.62, 7], sheet.lit('#7a6248')));
      for (let bar = x + w * 0.34; bar < x + w * 0.96; bar += 11)
        parts.push(rect([bar, by - 34, 2, 34], rail));
      parts.push(rect([x + w * 0.34, by - 36, w * 0.62, 4], rail));
    }
  }
  const rail = sheet.lit('#202429');
  const steps = 11;
  const [sx, sy] = [x + w * 0.72, top + floor + 116];
  for (let i = 0; i < steps; i += 1) {
    const bend = Math.sin((i / steps) * Math.PI * 0.9) * w * 0.1;
    const [px, py] = [sx - (i / steps) * w * 0.42 - bend, sy + (i / steps) * (base - sy + 12)];
    parts.push(rect([px, py, 50, 6], rail));
    parts.push(rect([px + 2, py - 42, 3, 42], rail), rect([px + 45, py - 42, 3, 42], rail));
    if (snow) parts.push(rect([px, py - 3, 50, 4], '#ffffff'));
  }
  return parts.join('');
}

export function montreal(sheet: Sheet): string {
  const { random } = sheet;
  const snow = random.is(0.3);
  const leaves = snow
    ? ['#e8eef2', '#d7e0e8', '#ffffff']
    : random.pick([
        ['#d9622b', '#e8902f', '#c4402c', '#f0b23c'],
        ['#4f8a45', '#6aa350', '#3f7440'],
      ]);
  const parts = [sky(sheet, 420), hills(sheet, 400, 170, snow ? '#b9c6cf' : '#5d7d58')];
  const cross = random.between(250, 900);
  parts.push(rect([cross, 205, 5, 50], '#fff6d8'), rect([cross - 13, 219, 31, 5], '#fff6d8'));
  for (let i = 0; i < 9; i += 1) {
    const [w, h, at] = [random.between(34, 70), random.between(110, 240), random.between(0, WIDTH)];
    parts.push(rect([at, 430 - h, w, h], sheet.lit('#6f8497', 0.2)));
    for (let y = 440 - h; y < 420; y += 13) {
      for (let x = at + 6; x < at + w - 8; x += 11) {
        if (random.is(0.15 + sheet.light.lit * 0.6))
          parts.push(rect([x, y, 5, 6], sheet.light.lit > 0.3 ? '#ffdd91' : '#dbe9f2', 'opacity="0.8"'));
      }
    }
  }
  const base = 712;
  for (let x = -60 * random.next(); x < WIDTH;) {
    const w = random.between(235, 290);
    parts.push(triplex(sheet, [x, w, base], snow));
    x += w + 2;
  }
  parts.push(rect([0, base, WIDTH, 30], sheet.lit(snow ? '#eef3f7' : '#7f9a5c')));
  parts.push(rect([0, base + 26, WIDTH, 80], sheet.lit(snow ? '#dfe7ee' : '#b9b3a8')));
  for (const at of [random.between(20, 240), random.between(900, 1160)]) {
    parts.push(maple(sheet, [at, base + 40, random.between(290, 380)], leaves));
  }
  const fallen = snow ? 160 : 40;
  for (let i = 0; i < fallen; i += 1) {
    const y = snow ? random.between(0, HEIGHT) : random.between(base, HEIGHT);
    const size = random.between(2, 4);
    parts.push(
      ellipse(
        [random.between(0, WIDTH), y, size, snow ? size : size * 0.6],
        snow ? '#ffffff' : sheet.lit(random.pick(leaves)),
        'opacity="0.85"',
      ),
    );
  }
  return parts.join('');
}
