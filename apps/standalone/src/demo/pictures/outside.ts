import { ellipse, HEIGHT, line, path, type Point, polygon, rect, type Sheet, WIDTH } from './drawing.js';

const PASTELS = ['#f2d7a6', '#f6e7c8', '#e9b7a0', '#b9d3d8', '#f4efe4', '#dcc6d8', '#f0c27b', '#cfdcb8'];
const TERRACOTTA = ['#c4593a', '#b64d33', '#d06a45', '#a84a34'];
const BRICKS = ['#9c4a3a', '#8a5a44', '#b0664c', '#7a4038', '#a9917c', '#6f6a68'];
const DOORS = ['#2f6f73', '#c9a227', '#7a2f3f', '#2d4f7c', '#3f6b45', '#d9d2c3'];
const WOODS = ['#4a3526', '#5a4330', '#3c2c22', '#6b513a'];

function sky(sheet: Sheet, horizon: number): string {
  const { chance, light, hour } = sheet;
  const [top, middle, low] = light.sky;
  const parts = [
    rect(
      0,
      0,
      WIDTH,
      horizon + 40,
      sheet.gradient([
        [0, top],
        [0.65, middle],
        [1, low],
      ]),
    ),
  ];
  if (hour === 'night') {
    for (let i = 0; i < 90; i += 1) {
      const size = chance.between(0.6, 1.9);
      parts.push(
        ellipse(
          chance.between(0, WIDTH),
          chance.between(0, horizon * 0.8),
          size,
          size,
          '#ffffff',
          `opacity="${chance.between(0.3, 0.95).toFixed(2)}"`,
        ),
      );
    }
  }
  const x = chance.between(180, WIDTH - 180);
  const y = horizon * light.sun.height;
  const glow = sheet.gradient(
    [
      [0, light.sun.glow, 0.9],
      [1, light.sun.glow, 0],
    ],
    true,
  );
  parts.push(ellipse(x, y, 230, 230, glow));
  parts.push(ellipse(x, y, 36, 36, light.sun.color));
  if (hour === 'night') parts.push(ellipse(x + 14, y - 7, 32, 32, light.sky[0]));
  const clouds = chance.whole(2, 4);
  for (let i = 0; i < clouds; i += 1) {
    const [cx, cy, wide] = [
      chance.between(0, WIDTH),
      chance.between(40, horizon * 0.6),
      chance.between(70, 150),
    ];
    const fill = sheet.lit('#ffffff', 0.05);
    const puffs = [-2, -1, 0, 1, 2].map((at) =>
      ellipse(cx + at * wide * 0.36, cy - (2 - Math.abs(at)) * 9, wide * 0.34, 17, fill),
    );
    parts.push(`<g opacity="0.6">${puffs.join('')}</g>`);
  }
  return parts.join('');
}

function hills(sheet: Sheet, base: number, height: number, color: string): string {
  const { chance } = sheet;
  let d = `M0 ${base}`;
  for (let x = 0; x <= WIDTH; x += 150) {
    d += ` Q${x + 75} ${Math.round(base - height * chance.between(0.5, 1.3))} ${x + 150} ${Math.round(base - height * chance.between(0.2, 0.7))}`;
  }
  return path(`${d} V${HEIGHT} H0 Z`, sheet.lit(color, 0.12));
}

/** Panes of glass that show the day, or the lamp behind them. */
function pane(sheet: Sheet, x: number, y: number, w: number, h: number, frame: string): string {
  const lamp = sheet.chance.is(sheet.light.lit);
  const glass = lamp ? sheet.chance.pick(['#ffdd91', '#ffcf70', '#ffe7b0']) : sheet.lit('#4f6f86', 0.05);
  return (
    rect(x - 3, y - 3, w + 6, h + 6, sheet.lit(frame)) +
    rect(x, y, w, h, glass) +
    (lamp
      ? ''
      : polygon(
          [
            [x, y],
            [x + w * 0.6, y],
            [x, y + h * 0.7],
          ],
          '#ffffff',
          'opacity="0.16"',
        )) +
    rect(x + w / 2 - 1.2, y, 2.4, h, sheet.lit(frame)) +
    rect(x, y + h * 0.45, w, 2.4, sheet.lit(frame))
  );
}

function tiles(sheet: Sheet): string {
  const blue = sheet.lit(sheet.chance.pick(['#3f6fa8', '#2f7d86', '#6f8f3f']));
  const ground = sheet.lit('#eef2f0');
  return sheet.pattern(
    16,
    16,
    rect(0, 0, 16, 16, ground) +
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
      ellipse(8, 8, 2.4, 2.4, blue),
  );
}

function lisbonHouse(sheet: Sheet, x: number, base: number, w: number, h: number): string {
  const { chance } = sheet;
  const wall = chance.is(0.22) ? tiles(sheet) : sheet.lit(chance.pick(PASTELS));
  const roof = sheet.lit(chance.pick(TERRACOTTA));
  const rise = w * chance.between(0.16, 0.26);
  const parts = [
    rect(x, base - h, w, h + 200, wall),
    rect(x + w * 0.92, base - h, w * 0.08, h + 200, '#000000', 'opacity="0.08"'),
    polygon(
      [
        [x - 5, base - h],
        [x + w * 0.16, base - h - rise],
        [x + w * 0.84, base - h - rise],
        [x + w + 5, base - h],
      ],
      roof,
    ),
    rect(x - 5, base - h - 2, w + 10, 5, sheet.lit('#fbf6ea')),
  ];
  const columns = Math.max(2, Math.round(w / 42));
  const [wide, step] = [w / (columns * 2.1), w / columns];
  const tall = wide * 1.6;
  for (let y = base - h + 18; y + tall < base - 6; y += tall + 20) {
    for (let column = 0; column < columns; column += 1) {
      const left = x + step * (column + 0.5) - wide / 2;
      parts.push(pane(sheet, left, y, wide, tall, '#fdfaf2'));
      if (chance.is(0.35)) {
        parts.push(rect(left - 6, y + tall + 2, wide + 12, 3, sheet.lit('#2d2d33')));
        for (let bar = 0; bar <= 5; bar += 1) {
          parts.push(rect(left - 5 + (bar * (wide + 10)) / 5, y + tall - 12, 1.4, 15, sheet.lit('#2d2d33')));
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
    ellipse(x + 130, y + 96, 150, 9, '#000000', 'opacity="0.25"'),
    rect(x, y, 260, 86, yellow, 'rx="12"'),
    rect(x, y + 4, 260, 40, cream, 'rx="8"'),
    rect(x - 4, y - 7, 268, 12, sheet.lit('#6b5a3a'), 'rx="6"'),
    rect(x, y + 46, 260, 4, sheet.lit('#8c6a12')),
    line([x + 130, y - 7], [x + 190, y - 70], sheet.lit('#33333a'), 3),
    ellipse(x + 16, y + 66, 8, 8, '#fff3c4'),
  ];
  for (let i = 0; i < 6; i += 1) {
    const glass = sheet.light.lit > 0.3 ? '#ffe2a0' : sheet.lit('#54707f');
    parts.push(rect(x + 12 + i * 41, y + 9, 32, 30, glass, 'rx="3"'));
  }
  for (const wheel of [60, 200]) parts.push(ellipse(x + wheel, y + 88, 15, 15, sheet.lit('#3a3a40')));
  return parts.join('');
}

export function lisbon(sheet: Sheet): string {
  const { chance } = sheet;
  const horizon = 330;
  const parts = [sky(sheet, horizon), hills(sheet, horizon, 60, '#7d93a8')];
  const [, shine, low] = sheet.light.sky;
  parts.push(
    rect(
      0,
      horizon,
      WIDTH,
      120,
      sheet.gradient([
        [0, low],
        [1, shine],
      ]),
    ),
  );
  for (let i = 0; i < 36; i += 1) {
    parts.push(
      rect(
        chance.between(0, WIDTH),
        chance.between(horizon + 4, horizon + 110),
        chance.between(20, 90),
        1.6,
        '#ffffff',
        'opacity="0.28"',
      ),
    );
  }
  const steel = sheet.lit('#b3473a', 0.1);
  const deck = horizon + 14;
  parts.push(rect(0, deck, WIDTH, 6, steel));
  const towers = [chance.between(220, 380), chance.between(760, 940)];
  for (const tower of towers) parts.push(rect(tower - 6, deck - 120, 12, 150, steel));
  const [a = 0, b = 0] = towers;
  const cable = `M0 ${deck} Q${a * 0.6} ${deck - 20} ${a} ${deck - 118} Q${(a + b) / 2} ${deck + 92} ${b} ${deck - 118} Q${b + 160} ${deck - 20} ${WIDTH} ${deck}`;
  parts.push(path(cable, 'none', `stroke="${steel}" stroke-width="3"`));
  for (const [base, scale] of [
    [470, 0.6],
    [560, 0.82],
    [680, 1.15],
  ] as const) {
    for (let x = -30 * chance.next(); x < WIDTH;) {
      const w = chance.between(95, 165) * scale;
      parts.push(lisbonHouse(sheet, x, base, w, chance.between(85, 165) * scale));
      x += w;
    }
    parts.push(rect(0, base - 150 * scale, WIDTH, HEIGHT, sheet.light.sky[1], 'opacity="0.07"'));
  }
  const stone = sheet.lit('#d8d2c6');
  parts.push(rect(0, 690, WIDTH, 110, stone));
  for (let row = 0; row < 3; row += 1) {
    let wave = `M0 ${706 + row * 34}`;
    for (let x = 0; x < WIDTH; x += 80) wave += ` q20 -13 40 0 t40 0`;
    parts.push(
      path(wave, 'none', `stroke="${sheet.lit('#4d4a4a')}" stroke-width="${7 + row * 3}" opacity="0.75"`),
    );
  }
  if (chance.is(0.7)) parts.push(tram(sheet, chance.between(80, 820), 610));
  return parts.join('');
}

function maple(sheet: Sheet, x: number, base: number, tall: number, leaves: readonly string[]): string {
  const { chance } = sheet;
  const parts = [
    path(
      `M${x - 9} ${base} Q${x - 2} ${base - tall * 0.5} ${x - 4} ${base - tall} H${x + 4} Q${x + 3} ${base - tall * 0.5} ${x + 10} ${base} Z`,
      sheet.lit('#4c3b31'),
    ),
  ];
  for (let i = 0; i < 46; i += 1) {
    const angle = chance.between(0, Math.PI * 2);
    const far = Math.sqrt(chance.next()) * tall * 0.45;
    parts.push(
      ellipse(
        x + Math.cos(angle) * far,
        base - tall + Math.sin(angle) * far * 0.8,
        chance.between(15, 31),
        chance.between(12, 24),
        sheet.lit(chance.pick(leaves)),
        'opacity="0.92"',
      ),
    );
  }
  return parts.join('');
}

function triplex(sheet: Sheet, x: number, w: number, base: number, snow: boolean): string {
  const { chance } = sheet;
  const floors = 3;
  const floor = chance.between(118, 132);
  const top = base - floors * floor;
  const brick = chance.pick(BRICKS);
  const seams = sheet.pattern(
    22,
    12,
    rect(0, 0, 22, 12, sheet.lit(brick)) +
      rect(0, 11, 22, 1, '#000000', 'opacity="0.16"') +
      rect(10, 0, 1, 12, '#000000', 'opacity="0.1"'),
  );
  const stone = sheet.lit('#cfc4b2');
  const parts = [
    rect(x, top, w, base - top, seams),
    rect(x - 4, top - 26, w + 8, 28, sheet.lit(chance.pick(['#3e4a46', '#5a3d36', '#40454f']))),
  ];
  for (let tooth = x; tooth < x + w; tooth += 18) parts.push(rect(tooth, top - 4, 9, 10, stone));
  if (snow) parts.push(rect(x - 6, top - 34, w + 12, 12, sheet.lit('#ffffff'), 'rx="6"'));
  const door = sheet.lit(chance.pick(DOORS));
  for (let level = 0; level < floors; level += 1) {
    const y = top + level * floor + 20;
    for (const at of [0.1, 0.4]) {
      parts.push(rect(x + w * at - 6, y - 9, w * 0.22 + 12, 9, stone));
      parts.push(pane(sheet, x + w * at, y, w * 0.22, 74, '#e9e4da'));
    }
    parts.push(rect(x + w * 0.72, y, w * 0.17, 96, door));
    parts.push(
      rect(x + w * 0.745, y + 9, w * 0.12, 32, sheet.light.lit > 0.3 ? '#ffdd91' : sheet.lit('#7d97a5')),
    );
    if (level < 2) {
      const rail = sheet.lit('#26292e');
      const by = y + 96;
      parts.push(rect(x + w * 0.34, by, w * 0.62, 7, sheet.lit('#7a6248')));
      for (let bar = x + w * 0.34; bar < x + w * 0.96; bar += 11) parts.push(rect(bar, by - 34, 2, 34, rail));
      parts.push(rect(x + w * 0.34, by - 36, w * 0.62, 4, rail));
    }
  }
  const rail = sheet.lit('#202429');
  const steps = 11;
  const [sx, sy] = [x + w * 0.72, top + floor + 116];
  for (let i = 0; i < steps; i += 1) {
    const bend = Math.sin((i / steps) * Math.PI * 0.9) * w * 0.1;
    const [px, py] = [sx - (i / steps) * w * 0.42 - bend, sy + (i / steps) * (base - sy + 12)];
    parts.push(rect(px, py, 50, 6, rail));
    parts.push(rect(px + 2, py - 42, 3, 42, rail), rect(px + 45, py - 42, 3, 42, rail));
    if (snow) parts.push(rect(px, py - 3, 50, 4, '#ffffff'));
  }
  return parts.join('');
}

export function montreal(sheet: Sheet): string {
  const { chance } = sheet;
  const snow = chance.is(0.3);
  const leaves = snow
    ? ['#e8eef2', '#d7e0e8', '#ffffff']
    : chance.pick([
        ['#d9622b', '#e8902f', '#c4402c', '#f0b23c'],
        ['#4f8a45', '#6aa350', '#3f7440'],
      ]);
  const parts = [sky(sheet, 420), hills(sheet, 400, 170, snow ? '#b9c6cf' : '#5d7d58')];
  const cross = chance.between(250, 900);
  parts.push(rect(cross, 205, 5, 50, '#fff6d8'), rect(cross - 13, 219, 31, 5, '#fff6d8'));
  for (let i = 0; i < 9; i += 1) {
    const [w, h, at] = [chance.between(34, 70), chance.between(110, 240), chance.between(0, WIDTH)];
    parts.push(rect(at, 430 - h, w, h, sheet.lit('#6f8497', 0.2)));
    for (let y = 440 - h; y < 420; y += 13) {
      for (let x = at + 6; x < at + w - 8; x += 11) {
        if (chance.is(0.15 + sheet.light.lit * 0.6))
          parts.push(rect(x, y, 5, 6, sheet.light.lit > 0.3 ? '#ffdd91' : '#dbe9f2', 'opacity="0.8"'));
      }
    }
  }
  const base = 712;
  for (let x = -60 * chance.next(); x < WIDTH;) {
    const w = chance.between(235, 290);
    parts.push(triplex(sheet, x, w, base, snow));
    x += w + 2;
  }
  parts.push(rect(0, base, WIDTH, 30, sheet.lit(snow ? '#eef3f7' : '#7f9a5c')));
  parts.push(rect(0, base + 26, WIDTH, 80, sheet.lit(snow ? '#dfe7ee' : '#b9b3a8')));
  for (const at of [chance.between(20, 240), chance.between(900, 1160)]) {
    parts.push(maple(sheet, at, base + 40, chance.between(290, 380), leaves));
  }
  const fallen = snow ? 160 : 40;
  for (let i = 0; i < fallen; i += 1) {
    const y = snow ? chance.between(0, HEIGHT) : chance.between(base, HEIGHT);
    const size = chance.between(2, 4);
    parts.push(
      ellipse(
        chance.between(0, WIDTH),
        y,
        size,
        snow ? size : size * 0.6,
        snow ? '#ffffff' : sheet.lit(chance.pick(leaves)),
        'opacity="0.85"',
      ),
    );
  }
  return parts.join('');
}

function eaves(sheet: Sheet, x: number, y: number, w: number, rise: number): string {
  const tile = sheet.lit('#4a5159');
  const parts = [
    path(
      `M${x - 34} ${y} Q${x + 6} ${y - rise * 0.25} ${x + 36} ${y - rise} H${x + w - 36} Q${x + w - 6} ${y - rise * 0.25} ${x + w + 34} ${y} Q${x + w / 2} ${y + 10} ${x - 34} ${y} Z`,
      tile,
    ),
    rect(x + 30, y - rise - 8, w - 60, 11, sheet.lit('#363c43'), 'rx="4"'),
  ];
  const rows = Math.floor(w / 15);
  for (let i = 1; i < rows; i += 1) {
    const share = i / rows;
    parts.push(
      line(
        [x + 36 + (w - 72) * share, y - rise],
        [x - 30 + (w + 60) * share, y + 3],
        sheet.lit('#2c3138'),
        2,
      ),
    );
  }
  return parts.join('');
}

function machiya(sheet: Sheet, x: number, w: number, base: number): string {
  const { chance } = sheet;
  const wood = sheet.lit(chance.pick(WOODS));
  const dark = sheet.lit('#2b2019');
  const warm = sheet.light.lit > 0.3 ? '#ffd88a' : sheet.lit('#efe6d2');
  const plaster = sheet.lit(chance.pick(['#e6dcc4', '#d8c9a6', '#f0ebe0']));
  const [upper, lower] = [base - 232, base - 130];
  const parts = [
    rect(x + 14, upper, w - 28, 120, plaster),
    eaves(sheet, x, upper + 4, w, 62),
    rect(x, lower - 8, w, 140, wood),
  ];
  const slit = chance.pick(['bars', 'shutters'] as const);
  parts.push(rect(x + w * 0.2, upper + 34, w * 0.6, 44, warm));
  for (let bar = x + w * 0.2; bar <= x + w * 0.8; bar += slit === 'bars' ? 9 : 22) {
    parts.push(rect(bar, upper + 32, 4, 48, dark));
  }
  parts.push(eaves(sheet, x - 8, lower - 2, w + 16, 36));
  parts.push(rect(x + w * 0.06, lower + 18, w * 0.5, 100, warm));
  for (let bar = x + w * 0.06; bar < x + w * 0.56; bar += 10)
    parts.push(rect(bar, lower + 16, 4.5, 104, dark));
  parts.push(rect(x + w * 0.06, lower + 64, w * 0.5, 5, dark));
  parts.push(
    rect(x + w * 0.64, lower + 12, w * 0.26, 120, sheet.light.lit > 0.3 ? '#e8a94e' : sheet.lit('#6a5a45')),
  );
  const cloth = sheet.lit(chance.pick(['#27406b', '#7a2f2f', '#3e5a45', '#d8cfbb']));
  for (let i = 0; i < 3; i += 1)
    parts.push(rect(x + w * 0.64 + i * w * 0.09, lower + 12, w * 0.083, 50, cloth));
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
    (glow ? ellipse(x, y, 70 * size, 70 * size, halo) : '') +
    ellipse(x, y, 15 * size, 20 * size, glow ? '#ffd68a' : sheet.lit('#f3e7cf')) +
    [-10, 0, 10]
      .map((off) =>
        line([x - 14 * size, y + off * size], [x + 14 * size, y + off * size], '#8a5a2c', 1, 'opacity="0.5"'),
      )
      .join('') +
    rect(x - 7 * size, y - 23 * size, 14 * size, 5, sheet.lit('#241a14')) +
    rect(x - 7 * size, y + 18 * size, 14 * size, 5, sheet.lit('#241a14'))
  );
}

function pagoda(sheet: Sheet, x: number, base: number): string {
  const parts: string[] = [];
  const color = sheet.lit('#5b4650', 0.18);
  for (let level = 0; level < 5; level += 1) {
    const [w, y] = [150 - level * 20, base - 50 - level * 46];
    parts.push(rect(x - w / 3, y, (w / 3) * 2, 50, sheet.lit('#8a4438', 0.18)));
    parts.push(
      path(
        `M${x - w / 2 - 18} ${y + 4} Q${x - w / 4} ${y - 8} ${x} ${y - 26} Q${x + w / 4} ${y - 8} ${x + w / 2 + 18} ${y + 4} Z`,
        color,
      ),
    );
  }
  parts.push(rect(x - 2, base - 330, 4, 80, color));
  return parts.join('');
}

/** A twig that reaches into the picture, in blossom or in autumn. */
function twig(sheet: Sheet, leaves: readonly string[], fromRight: boolean): string {
  const { chance } = sheet;
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
      const size = chance.between(5, 12);
      parts.push(
        ellipse(
          flip(x + chance.between(-48, 48)),
          y + chance.between(-40, 48),
          size,
          size * 0.85,
          sheet.lit(chance.pick(leaves), -0.1),
          'opacity="0.9"',
        ),
      );
    }
  }
  return parts.join('');
}

export function kyoto(sheet: Sheet): string {
  const { chance } = sheet;
  const leaves = chance.pick([
    ['#f6c9d6', '#f2aebf', '#fbe3ea', '#ec93ab'],
    ['#c83f2b', '#e06a2f', '#f0a23c', '#a52f2a'],
    ['#6f9a4c', '#8ab35f', '#507c3d'],
  ]);
  const parts = [sky(sheet, 400), hills(sheet, 390, 170, '#6f8aa3'), hills(sheet, 440, 120, '#4f6f5c')];
  parts.push(pagoda(sheet, chance.between(280, 920), 500));
  const base = 660;
  for (let x = -90 * chance.next(); x < WIDTH;) {
    const w = chance.between(250, 340);
    parts.push(machiya(sheet, x, w, base));
    x += w + chance.between(4, 26);
  }
  parts.push(rect(0, base, WIDTH, HEIGHT - base, sheet.lit('#8d8a84')));
  for (let row = 0; row < 5; row += 1) {
    const [y, tall] = [base + row * (15 + row * 5), 14 + row * 6];
    for (let x = -60 * chance.next(); x < WIDTH;) {
      const w = chance.between(60, 110) * (1 + row * 0.25);
      parts.push(
        rect(x + 2, y + 2, w - 4, tall, sheet.lit(chance.pick(['#a39f97', '#989389', '#aeaaa2'])), 'rx="5"'),
      );
      x += w;
    }
  }
  parts.push(twig(sheet, leaves, chance.is(0.5)));
  for (let i = 0; i < 26; i += 1) {
    parts.push(
      ellipse(
        chance.between(0, WIDTH),
        chance.between(200, HEIGHT),
        4,
        2.6,
        sheet.lit(chance.pick(leaves), -0.05),
        'opacity="0.85"',
      ),
    );
  }
  return parts.join('');
}
