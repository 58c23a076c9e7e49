import { ellipse, HEIGHT, line, mix, path, polygon, rect, type Sheet, WIDTH } from './drawing.js';
import { kyoto, lisbon, montreal } from './outside.js';

export type City = 'Lisbon' | 'Montréal' | 'Kyoto';
export type Room = 'living' | 'bedroom' | 'kitchen';

const VIEWS = { Lisbon: lisbon, Montréal: montreal, Kyoto: kyoto };
const WALLS: Record<City, readonly string[]> = {
  Lisbon: ['#f7f1e3', '#e9eef0', '#f4e3cc', '#e3ebe2'],
  Montréal: ['#e8e4dc', '#d5dad6', '#eadfd0', '#cfd8e0'],
  Kyoto: ['#e9dec3', '#ddd0b0', '#efe8d6', '#cfc6ae'],
};
const FABRICS = ['#4f6d7a', '#b5654a', '#5f7d5a', '#c9a24b', '#7a5673', '#3d5a80', '#a8786b', '#8a9a8f'];
const FLOOR = 560;

/** The city through the glass, with the frame around it and the light that falls in. */
function window(sheet: Sheet, city: City, x: number, y: number, w: number, h: number): string {
  const frame = sheet.lit(city === 'Kyoto' ? '#5a4330' : '#fbf8f0');
  const scale = Math.max(w / WIDTH, h / 640) * 1.15;
  sheet.indoors = false;
  const view = `<g transform="translate(${x - (WIDTH * scale - w) / 2} ${y - 40 * scale}) scale(${scale.toFixed(3)})">${VIEWS[city](sheet)}</g>`;
  sheet.indoors = true;
  const parts = [
    rect(x - 14, y - 14, w + 28, h + 28, frame),
    sheet.within(x, y, w, h, view),
    rect(x, y, w, h, '#ffffff', 'opacity="0.07"'),
    rect(x + w / 2 - 4, y, 8, h, frame),
    rect(x, y + h * 0.38, w, 7, frame),
  ];
  if (city !== 'Kyoto') parts.push(rect(x - 24, y + h + 14, w + 48, 13, sheet.lit('#efe9dc')));
  return parts.join('');
}

/** What the sun throws on the floor; at night the lamps do it. */
function sunbeam(sheet: Sheet, x: number, w: number): string {
  if (sheet.hour === 'night') return '';
  const color = sheet.hour === 'day' ? '#fff6d6' : '#ffc58a';
  return polygon(
    [
      [x, FLOOR + 10],
      [x + w, FLOOR + 10],
      [x + w + 190, HEIGHT],
      [x + 60, HEIGHT],
    ],
    color,
    'opacity="0.28"',
  );
}

function curtains(sheet: Sheet, x: number, y: number, w: number, h: number): string {
  const cloth = sheet.lit(sheet.chance.pick(['#f3ece0', '#d9c7b0', '#b9c4c0', '#d8b8a8']));
  const fold = mix(cloth, '#000000', 0.1);
  const side = (left: number) =>
    rect(left, y - 30, 62, h + 90, cloth) +
    [10, 26, 42].map((at) => rect(left + at, y - 30, 6, h + 90, fold)).join('');
  return rect(x - 80, y - 38, w + 160, 8, sheet.lit('#6b5640'), 'rx="4"') + side(x - 66) + side(x + w + 4);
}

function floor(sheet: Sheet, city: City): string {
  const { chance } = sheet;
  if (city === 'Kyoto') {
    const parts = [rect(0, FLOOR, WIDTH, HEIGHT - FLOOR, sheet.lit('#c9bf86'))];
    const border = sheet.lit('#3d4a35');
    for (let row = 0; row < 3; row += 1) {
      const y = FLOOR + row * (55 + row * 25);
      parts.push(rect(0, y, WIDTH, 5 + row * 2, border));
      for (let at = -2; at < 8; at += 1) {
        const shift = (row % 2) * 110;
        parts.push(
          line(
            [600 + (at * 220 + shift - 700), y],
            [600 + (at * 220 + shift - 700) * 1.16, y + 80 + row * 30],
            border,
            5 + row * 2,
          ),
        );
      }
    }
    for (let i = 0; i < 60; i += 1) {
      parts.push(rect(0, FLOOR + i * 4, WIDTH, 1, '#6d6a3c', 'opacity="0.16"'));
    }
    return parts.join('');
  }
  const wood = chance.pick(['#b98a5a', '#a06f45', '#c9a074', '#8a6244']);
  const parts = [rect(0, FLOOR, WIDTH, HEIGHT - FLOOR, sheet.lit(wood))];
  for (let i = -10; i <= 22; i += 1) {
    const top = i * 100;
    const shade = sheet.lit(mix(wood, chance.is(0.5) ? '#000000' : '#ffffff', chance.between(0.02, 0.14)));
    const at = (x: number) => 600 + (x - 600) * 1.9;
    parts.push(
      polygon(
        [
          [top, FLOOR],
          [top + 98, FLOOR],
          [at(top + 98), HEIGHT],
          [at(top), HEIGHT],
        ],
        shade,
      ),
    );
  }
  parts.push(rect(0, FLOOR - 16, WIDTH, 18, sheet.lit('#f4efe6')));
  return parts.join('');
}

function wall(sheet: Sheet, city: City): string {
  const { chance } = sheet;
  const color = chance.pick(WALLS[city]);
  const parts = [
    rect(
      0,
      0,
      WIDTH,
      FLOOR,
      sheet.gradient([
        [0, sheet.lit(mix(color, '#000000', 0.08))],
        [1, sheet.lit(color)],
      ]),
    ),
  ];
  if (city === 'Lisbon' && chance.is(0.6)) {
    const blue = sheet.lit('#3d6ea5');
    const tile = sheet.pattern(
      40,
      40,
      rect(0, 0, 40, 40, sheet.lit('#f2f4f1')) +
        path(
          'M20 2 Q34 6 38 20 Q34 34 20 38 Q6 34 2 20 Q6 6 20 2 Z',
          'none',
          `stroke="${blue}" stroke-width="2.4"`,
        ) +
        polygon(
          [
            [20, 10],
            [30, 20],
            [20, 30],
            [10, 20],
          ],
          blue,
          'opacity="0.75"',
        ) +
        rect(0, 0, 40, 40, 'none', `stroke="${sheet.lit('#c9d2d6')}"`),
    );
    parts.push(rect(0, FLOOR - 160, WIDTH, 160, tile), rect(0, FLOOR - 168, WIDTH, 10, blue));
  }
  if (city === 'Montréal' && chance.is(0.5)) {
    const brick = chance.pick(['#a9614a', '#96543f', '#b57a62']);
    const rows = sheet.pattern(
      64,
      36,
      rect(0, 0, 64, 36, sheet.lit('#d9cfc2')) +
        rect(1, 1, 62, 16, sheet.lit(brick)) +
        rect(-31, 19, 62, 16, sheet.lit(mix(brick, '#000000', 0.08))) +
        rect(33, 19, 62, 16, sheet.lit(mix(brick, '#ffffff', 0.06))),
    );
    parts.push(rect(0, 0, WIDTH, FLOOR, rows));
  }
  if (city === 'Kyoto') {
    const beam = sheet.lit('#54402f');
    parts.push(rect(0, 84, WIDTH, 16, beam));
    for (const x of [40, 1140]) parts.push(rect(x, 0, 22, FLOOR, beam));
  }
  return parts.join('');
}

function shoji(sheet: Sheet, x: number, y: number, w: number, h: number): string {
  const wood = sheet.lit('#5a4330');
  const paper = sheet.hour === 'night' ? '#e9c98c' : sheet.lit('#faf6ea', -0.05);
  const parts = [rect(x, y, w, h, paper), rect(x, y, w, h, 'none', `stroke="${wood}" stroke-width="10"`)];
  for (let i = 1; i < 4; i += 1) parts.push(rect(x + (w * i) / 4 - 2, y, 4, h, wood));
  for (let i = 1; i < 7; i += 1) parts.push(rect(x, y + (h * i) / 7 - 2, w, 4, wood));
  return parts.join('');
}

function painting(sheet: Sheet, x: number, y: number, w: number, h: number): string {
  const { chance } = sheet;
  const parts = [
    rect(x + 6, y + 8, w, h, '#000000', 'opacity="0.18"'),
    rect(x, y, w, h, sheet.lit('#3a3029')),
    rect(x + 8, y + 8, w - 16, h - 16, sheet.lit('#f7f3ea')),
  ];
  const inner = Array.from({ length: 5 }, () =>
    ellipse(
      x + w / 2 + chance.between(-w / 3, w / 3),
      y + h / 2 + chance.between(-h / 4, h / 3),
      chance.between(14, w / 3),
      chance.between(8, h / 4),
      sheet.lit(chance.pick(FABRICS)),
      'opacity="0.85"',
    ),
  ).join('');
  parts.push(sheet.within(x + 18, y + 18, w - 36, h - 36, inner));
  return parts.join('');
}

function plant(sheet: Sheet, x: number, base: number, tall: number): string {
  const { chance } = sheet;
  const parts = [ellipse(x, base + 4, 54, 10, '#000000', 'opacity="0.22"')];
  for (let i = 0; i < 15; i += 1) {
    const lean = chance.between(-72, 72);
    const [tx, ty] = [x + lean * 1.3, base - 70 - chance.between(tall * 0.3, tall)];
    const green = sheet.lit(chance.pick(['#4f7d45', '#3f6b3c', '#6a9a55', '#587f4e']));
    parts.push(
      path(
        `M${x} ${base - 60} Q${x + lean * 0.2} ${ty} ${tx.toFixed(0)} ${ty.toFixed(0)} Q${x + lean * 1.1} ${(ty + 60).toFixed(0)} ${x} ${base - 50} Z`,
        green,
      ),
    );
  }
  const pot = sheet.lit(chance.pick(['#b5643f', '#e8e2d4', '#50606a']));
  parts.push(
    polygon(
      [
        [x - 42, base - 68],
        [x + 42, base - 68],
        [x + 32, base],
        [x - 32, base],
      ],
      pot,
    ),
  );
  return parts.join('');
}

function lamp(sheet: Sheet, x: number, base: number, tall: number): string {
  const on = sheet.light.lit > 0.1;
  const halo = sheet.gradient(
    [
      [0, '#ffdf9e', 0.85],
      [0.35, '#ffd68a', 0.35],
      [1, '#ffd68a', 0],
    ],
    true,
  );
  return (
    rect(x - 3, base - tall, 6, tall, sheet.lit('#3a332c')) +
    ellipse(x, base, 32, 7, sheet.lit('#3a332c')) +
    (on ? ellipse(x, base - tall - 10, 250, 250, halo) : '') +
    polygon(
      [
        [x - 30, base - tall - 52],
        [x + 30, base - tall - 52],
        [x + 50, base - tall + 22],
        [x - 50, base - tall + 22],
      ],
      on ? '#ffe4ae' : sheet.lit('#f1e6d0'),
    )
  );
}

function hanging(sheet: Sheet, x: number, y: number): string {
  const on = sheet.light.lit > 0.1;
  const halo = sheet.gradient(
    [
      [0, '#ffe2a6', 0.8],
      [1, '#ffd68a', 0],
    ],
    true,
  );
  return (
    rect(x - 1.5, 0, 3, y, sheet.lit('#2c2a28')) +
    (on ? ellipse(x, y + 40, 240, 200, halo) : '') +
    path(
      `M${x - 62} ${y + 44} Q${x - 50} ${y} ${x} ${y - 6} Q${x + 50} ${y} ${x + 62} ${y + 44} Z`,
      sheet.lit(sheet.chance.pick(['#2f3b40', '#c9793a', '#e8dfcc'])),
    ) +
    ellipse(x, y + 44, 62, 8, on ? '#fff0c8' : sheet.lit('#d9d2c2'))
  );
}

function sofa(sheet: Sheet, x: number, base: number, w: number): string {
  const { chance } = sheet;
  const cloth = sheet.lit(chance.pick(FABRICS));
  const dark = mix(cloth, '#000000', 0.18);
  const light = mix(cloth, '#ffffff', 0.1);
  const parts = [
    ellipse(x + w / 2, base + 8, w * 0.54, 16, '#000000', 'opacity="0.25"'),
    rect(x, base - 168, w, 130, dark, 'rx="26"'),
    rect(x + 34, base - 92, w - 68, 66, light, 'rx="14"'),
    rect(x + 34, base - 40, w - 68, 34, cloth, 'rx="8"'),
    rect(x - 22, base - 122, 62, 116, cloth, 'rx="22"'),
    rect(x + w - 40, base - 122, 62, 116, cloth, 'rx="22"'),
    rect(x + 10, base - 8, 14, 18, sheet.lit('#4a3826')),
    rect(x + w - 24, base - 8, 14, 18, sheet.lit('#4a3826')),
    rect(x + w / 2 - 1.5, base - 90, 3, 62, dark),
  ];
  for (const at of [0.18, 0.68]) {
    const cushion = sheet.lit(chance.pick(FABRICS), -0.06);
    parts.push(
      rect(
        x + w * at,
        base - 146,
        84,
        72,
        cushion,
        `rx="16" transform="rotate(${chance.whole(-12, 12)} ${x + w * at + 42} ${base - 110})"`,
      ),
    );
  }
  return parts.join('');
}

function table(sheet: Sheet, x: number, y: number, w: number, legs: number): string {
  const { chance } = sheet;
  const wood = sheet.lit(chance.pick(['#7a5636', '#5d4029', '#a67c52', '#d9d2c4']));
  const parts = [
    ellipse(x + w / 2, y + legs + 8, w * 0.52, 14, '#000000', 'opacity="0.2"'),
    rect(x, y, w, 16, wood, 'rx="5"'),
    rect(x + 18, y + 16, 14, legs, mix(wood, '#000000', 0.15)),
    rect(x + w - 32, y + 16, 14, legs, mix(wood, '#000000', 0.15)),
  ];
  const bowl = sheet.lit(chance.pick(FABRICS));
  parts.push(
    path(
      `M${x + w * 0.42} ${y - 22} H${x + w * 0.62} Q${x + w * 0.58} ${y} ${x + w * 0.52} ${y} Q${x + w * 0.46} ${y} ${x + w * 0.42} ${y - 22} Z`,
      bowl,
    ),
  );
  for (const at of [0.46, 0.51, 0.56])
    parts.push(
      ellipse(x + w * at, y - 26, 14, 13, sheet.lit(chance.pick(['#d98a2b', '#c9432f', '#8fae3f']))),
    );
  for (const at of [0.16, 0.82]) {
    parts.push(rect(x + w * at, y - 22, 20, 22, sheet.lit('#f4efe4'), 'rx="3"'));
  }
  return parts.join('');
}

function rug(sheet: Sheet, x: number, y: number, w: number): string {
  const color = sheet.lit(sheet.chance.pick(FABRICS));
  return [1, 0.84, 0.66, 0.46]
    .map((size, i) => ellipse(x, y, w * size, w * 0.16 * size, i % 2 ? mix(color, '#ffffff', 0.5) : color))
    .join('');
}

function bed(sheet: Sheet, city: City, x: number, base: number, w: number): string {
  const { chance } = sheet;
  const cover = sheet.lit(chance.pick(FABRICS));
  const linen = sheet.lit('#fbf8f1', -0.05);
  const low = city === 'Kyoto' ? 60 : 0;
  const top = base - 150 + low;
  const parts = [ellipse(x + w / 2, base + 14, w * 0.56, 20, '#000000', 'opacity="0.24"')];
  if (city !== 'Kyoto') {
    const head = sheet.lit(chance.pick(['#6b4c33', '#8d6a48', '#56606a', '#c9b493']));
    parts.push(rect(x - 10, top - 110, w + 20, 190, head, 'rx="18"'));
    parts.push(rect(x + 14, top - 86, w - 28, 90, mix(head, '#ffffff', 0.1), 'rx="10"'));
  }
  parts.push(rect(x, top - 10, w, 90, linen, 'rx="16"'));
  for (const at of [0.07, 0.53]) {
    parts.push(rect(x + w * at, top - 50, w * 0.4, 66, mix(linen, '#000000', 0.05), 'rx="24"'));
    parts.push(rect(x + w * at + 6, top - 54, w * 0.4 - 12, 58, linen, 'rx="24"'));
  }
  parts.push(
    path(
      `M${x - 8} ${top + 34} Q${x + w / 2} ${top + 12} ${x + w + 8} ${top + 34} L${x + w + 34} ${base + 4} Q${x + w / 2} ${base + 26} ${x - 34} ${base + 4} Z`,
      cover,
    ),
  );
  parts.push(
    path(
      `M${x - 8} ${top + 34} Q${x + w / 2} ${top + 12} ${x + w + 8} ${top + 34} L${x + w + 14} ${top + 60} Q${x + w / 2} ${top + 40} ${x - 14} ${top + 60} Z`,
      mix(cover, '#ffffff', 0.55),
    ),
  );
  for (const at of [0.25, 0.5, 0.75]) {
    parts.push(
      path(
        `M${x + w * at} ${top + 52} Q${x + w * (at + (at - 0.5) * 0.1)} ${(top + base) / 2} ${x + w * (at + (at - 0.5) * 0.16)} ${base + 8}`,
        'none',
        `stroke="${mix(cover, '#000000', 0.14)}" stroke-width="5" opacity="0.6"`,
      ),
    );
  }
  return parts.join('');
}

function shelf(sheet: Sheet, x: number, y: number, w: number): string {
  const { chance } = sheet;
  const parts = [rect(x, y, w, 10, sheet.lit('#7a5a3c'))];
  for (let at = x + 8; at < x + w - 20;) {
    const [wide, tall] = [chance.between(9, 20), chance.between(36, 66)];
    if (chance.is(0.85)) parts.push(rect(at, y - tall, wide, tall, sheet.lit(chance.pick(FABRICS))));
    at += wide + 2;
  }
  return parts.join('');
}

function counter(sheet: Sheet): string {
  const { chance } = sheet;
  const front = sheet.lit(chance.pick(['#dfe4e0', '#4f6b66', '#f0e9dc', '#7a8a99', '#b98a5a']));
  const parts = [rect(60, 430, 760, 190, front), rect(46, 414, 788, 20, sheet.lit('#e9e4da'), 'rx="4"')];
  for (let i = 0; i < 5; i += 1) {
    parts.push(
      rect(68 + i * 150, 444, 142, 166, 'none', `stroke="${mix(front, '#000000', 0.22)}" stroke-width="3"`),
    );
    parts.push(rect(118 + i * 150, 458, 42, 6, sheet.lit('#8f8a80'), 'rx="3"'));
  }
  parts.push(
    path(
      'M300 414 V350 Q300 326 326 326 Q350 326 350 352',
      'none',
      `stroke="${sheet.lit('#8d9296')}" stroke-width="9"`,
    ),
  );
  for (const [x, color] of [
    [640, '#b5452f'],
    [700, '#e8e2d4'],
    [752, '#3d5a80'],
  ] as const) {
    parts.push(path(`M${x} 414 V376 Q${x + 20} 360 ${x + 40} 376 V414 Z`, sheet.lit(color)));
  }
  return parts.join('');
}

/** A room of the city, with the city in its window. */
export function inside(sheet: Sheet, city: City, room: Room): string {
  const { chance } = sheet;
  sheet.indoors = true;
  const [w, h] = room === 'kitchen' ? [300, 230] : [chance.between(300, 400), chance.between(290, 340)];
  const x = room === 'kitchen' ? 430 : chance.is(0.5) ? chance.between(150, 260) : chance.between(640, 720);
  const y = room === 'kitchen' ? 110 : 128;
  const other = x < 500 ? 830 : 250;
  const parts = [
    wall(sheet, city),
    floor(sheet, city),
    window(sheet, city, x, y, w, h),
    sunbeam(sheet, x, w),
  ];
  if (city === 'Kyoto') {
    parts.push(shoji(sheet, x - 150, y - 14, 128, h + 28 + (FLOOR - y - h - 28)));
    parts.push(shoji(sheet, x + w + 22, y - 14, 128, h + 28 + (FLOOR - y - h - 28)));
  } else if (room !== 'kitchen') parts.push(curtains(sheet, x, y, w, h));
  if (room === 'kitchen') {
    parts.push(shelf(sheet, 90, 230, 280), shelf(sheet, 90, 330, 280), counter(sheet));
    parts.push(hanging(sheet, 960, 210), table(sheet, 790, 590, 340, 120), plant(sheet, 1110, 586, 90));
  } else if (room === 'bedroom') {
    if (chance.is(0.6)) parts.push(painting(sheet, other - 80, 130, 190, 140));
    parts.push(rug(sheet, 600, 742, 470), bed(sheet, city, other - 180, 700, 380));
    parts.push(lamp(sheet, other > 500 ? 585 : 640, 640, 120), plant(sheet, x < 500 ? 130 : 1100, 640, 150));
  } else {
    parts.push(city === 'Kyoto' ? '' : painting(sheet, other - 60, 150, 170, 220));
    parts.push(rug(sheet, 600, 730, 480));
    if (city === 'Kyoto') {
      parts.push(table(sheet, 420, 650, 380, 46));
      for (const seat of [340, 880]) parts.push(ellipse(seat, 716, 74, 20, sheet.lit(chance.pick(FABRICS))));
      parts.push(lamp(sheet, other, 600, 60));
    } else {
      parts.push(sofa(sheet, other - 190, 660, 400), table(sheet, 470, 690, 290, 60));
      parts.push(lamp(sheet, other + (other > 500 ? 240 : 280), 640, 250));
    }
    parts.push(plant(sheet, x < 500 ? 90 : 1120, 650, 190));
  }
  return parts.join('');
}
