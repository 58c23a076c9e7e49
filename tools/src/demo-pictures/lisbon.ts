import { ellipse, HEIGHT, line, path, polygon, rect, type Sheet, WIDTH } from './svg.js';
import { hills, pane, sky } from './scenery.js';

const PASTELS = ['#f2d7a6', '#f6e7c8', '#e9b7a0', '#b9d3d8', '#f4efe4', '#dcc6d8', '#f0c27b', '#cfdcb8'];
const TERRACOTTA = ['#c4593a', '#b64d33', '#d06a45', '#a84a34'];

function tiles(sheet: Sheet): string {
  const blue = sheet.lit(sheet.random.pick(['#3f6fa8', '#2f7d86', '#6f8f3f']));
  const ground = sheet.lit('#eef2f0');
  return sheet.pattern(
    16,
    16,
    rect([0, 0, 16, 16], ground) +
      polygon(
        [
          [8, 1],
          [15, 8],
          [8, 15],
          [1, 8],
        ],
        'none',
        `stroke="${blue}" stroke-width="1.8"`,
      ) +
      ellipse([8, 8, 2.4, 2.4], blue),
  );
}

function lisbonHouse(
  sheet: Sheet,
  [x, base, w, h]: readonly [x: number, base: number, w: number, h: number],
): string {
  const { random } = sheet;
  const wall = random.is(0.22) ? tiles(sheet) : sheet.lit(random.pick(PASTELS));
  const roof = sheet.lit(random.pick(TERRACOTTA));
  const rise = w * random.between(0.16, 0.26);
  const parts = [
    rect([x, base - h, w, h + 200], wall),
    rect([x + w * 0.92, base - h, w * 0.08, h + 200], '#000000', 'opacity="0.08"'),
    polygon(
      [
        [x - 5, base - h],
        [x + w * 0.16, base - h - rise],
        [x + w * 0.84, base - h - rise],
        [x + w + 5, base - h],
      ],
      roof,
    ),
    rect([x - 5, base - h - 2, w + 10, 5], sheet.lit('#fbf6ea')),
  ];
  const columns = Math.max(2, Math.round(w / 42));
  const [wide, step] = [w / (columns * 2.1), w / columns];
  const tall = wide * 1.6;
  for (let y = base - h + 18; y + tall < base - 6; y += tall + 20) {
    for (let column = 0; column < columns; column += 1) {
      const left = x + step * (column + 0.5) - wide / 2;
      parts.push(pane(sheet, [left, y, wide, tall], '#fdfaf2'));
      if (random.is(0.35)) {
        parts.push(rect([left - 6, y + tall + 2, wide + 12, 3], sheet.lit('#2d2d33')));
        for (let bar = 0; bar <= 5; bar += 1) {
          parts.push(
            rect([left - 5 + (bar * (wide + 10)) / 5, y + tall - 12, 1.4, 15], sheet.lit('#2d2d33')),
          );
        }
      }
    }
  }
  return parts.join('');
}

function tram(sheet: Sheet, x: number, y: number): string {
  const yellow = sheet.lit('#f2b61f', -0.02);
  const cream = sheet.lit('#f7efd9');
  const parts = [
    ellipse([x + 130, y + 96, 150, 9], '#000000', 'opacity="0.25"'),
    rect([x, y, 260, 86], yellow, 'rx="12"'),
    rect([x, y + 4, 260, 40], cream, 'rx="8"'),
    rect([x - 4, y - 7, 268, 12], sheet.lit('#6b5a3a'), 'rx="6"'),
    rect([x, y + 46, 260, 4], sheet.lit('#8c6a12')),
    line([x + 130, y - 7], [x + 190, y - 70], [sheet.lit('#33333a'), 3]),
    ellipse([x + 16, y + 66, 8, 8], '#fff3c4'),
  ];
  for (let i = 0; i < 6; i += 1) {
    const glass = sheet.light.lit > 0.3 ? '#ffe2a0' : sheet.lit('#54707f');
    parts.push(rect([x + 12 + i * 41, y + 9, 32, 30], glass, 'rx="3"'));
  }
  for (const wheel of [60, 200]) parts.push(ellipse([x + wheel, y + 88, 15, 15], sheet.lit('#3a3a40')));
  return parts.join('');
}

export function lisbon(sheet: Sheet): string {
  const { random } = sheet;
  const horizon = 330;
  const parts = [sky(sheet, horizon), hills(sheet, horizon, 60, '#7d93a8')];
  const [, shine, low] = sheet.light.sky;
  parts.push(
    rect(
      [0, horizon, WIDTH, 120],
      sheet.gradient([
        [0, low],
        [1, shine],
      ]),
    ),
  );
  for (let i = 0; i < 36; i += 1) {
    parts.push(
      rect(
        [random.between(0, WIDTH), random.between(horizon + 4, horizon + 110), random.between(20, 90), 1.6],
        '#ffffff',
        'opacity="0.28"',
      ),
    );
  }
  const steel = sheet.lit('#b3473a', 0.1);
  const deck = horizon + 14;
  parts.push(rect([0, deck, WIDTH, 6], steel));
  const towers = [random.between(220, 380), random.between(760, 940)];
  for (const tower of towers) parts.push(rect([tower - 6, deck - 120, 12, 150], steel));
  const [a = 0, b = 0] = towers;
  const cable = `M0 ${deck} Q${a * 0.6} ${deck - 20} ${a} ${deck - 118} Q${(a + b) / 2} ${deck + 92} ${b} ${deck - 118} Q${b + 160} ${deck - 20} ${WIDTH} ${deck}`;
  parts.push(path(cable, 'none', `stroke="${steel}" stroke-width="3"`));
  for (const [base, scale] of [
    [470, 0.6],
    [560, 0.82],
    [680, 1.15],
  ] as const) {
    for (let x = -30 * random.next(); x < WIDTH;) {
      const w = random.between(95, 165) * scale;
      parts.push(lisbonHouse(sheet, [x, base, w, random.between(85, 165) * scale]));
      x += w;
    }
    parts.push(rect([0, base - 150 * scale, WIDTH, HEIGHT], sheet.light.sky[1], 'opacity="0.07"'));
  }
  const stone = sheet.lit('#d8d2c6');
  parts.push(rect([0, 690, WIDTH, 110], stone));
  for (let row = 0; row < 3; row += 1) {
    let wave = `M0 ${706 + row * 34}`;
    for (let x = 0; x < WIDTH; x += 80) wave += ` q20 -13 40 0 t40 0`;
    parts.push(
      path(wave, 'none', `stroke="${sheet.lit('#4d4a4a')}" stroke-width="${7 + row * 3}" opacity="0.75"`),
    );
  }
  if (random.is(0.7)) parts.push(tram(sheet, random.between(80, 820), 610));
  return parts.join('');
}
