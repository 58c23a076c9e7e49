import type { City } from './subject.js';
import { type Box, ellipse, mix, path, polygon, rect, type Sheet } from './svg.js';

export const FABRICS = [
  '#4f6d7a',
  '#b5654a',
  '#5f7d5a',
  '#c9a24b',
  '#7a5673',
  '#3d5a80',
  '#a8786b',
  '#8a9a8f',
];

export function painting(sheet: Sheet, [x, y, w, h]: Box): string {
  const { random } = sheet;
  const parts = [
    rect([x + 6, y + 8, w, h], '#000000', 'opacity="0.18"'),
    rect([x, y, w, h], sheet.lit('#3a3029')),
    rect([x + 8, y + 8, w - 16, h - 16], sheet.lit('#f7f3ea')),
  ];
  const inner = Array.from({ length: 5 }, () =>
    ellipse(
      [
        x + w / 2 + random.between(-w / 3, w / 3),
        y + h / 2 + random.between(-h / 4, h / 3),
        random.between(14, w / 3),
        random.between(8, h / 4),
      ],
      sheet.lit(random.pick(FABRICS)),
      'opacity="0.85"',
    ),
  ).join('');
  parts.push(sheet.clip([x + 18, y + 18, w - 36, h - 36], inner));
  return parts.join('');
}

export function plant(sheet: Sheet, x: number, base: number, tall: number): string {
  const { random } = sheet;
  const parts = [ellipse([x, base + 4, 54, 10], '#000000', 'opacity="0.22"')];
  for (let i = 0; i < 15; i += 1) {
    const lean = random.between(-72, 72);
    const [tx, ty] = [x + lean * 1.3, base - 70 - random.between(tall * 0.3, tall)];
    const green = sheet.lit(random.pick(['#4f7d45', '#3f6b3c', '#6a9a55', '#587f4e']));
    parts.push(
      path(
        `M${x} ${base - 60} Q${x + lean * 0.2} ${ty} ${tx.toFixed(0)} ${ty.toFixed(0)} Q${x + lean * 1.1} ${(ty + 60).toFixed(0)} ${x} ${base - 50} Z`,
        green,
      ),
    );
  }
  const pot = sheet.lit(random.pick(['#b5643f', '#e8e2d4', '#50606a']));
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

export function lamp(sheet: Sheet, x: number, base: number, tall: number): string {
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
    rect([x - 3, base - tall, 6, tall], sheet.lit('#3a332c')) +
    ellipse([x, base, 32, 7], sheet.lit('#3a332c')) +
    (on ? ellipse([x, base - tall - 10, 250, 250], halo) : '') +
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

export function hanging(sheet: Sheet, x: number, y: number): string {
  const on = sheet.light.lit > 0.1;
  const halo = sheet.gradient(
    [
      [0, '#ffe2a6', 0.8],
      [1, '#ffd68a', 0],
    ],
    true,
  );
  return (
    rect([x - 1.5, 0, 3, y], sheet.lit('#2c2a28')) +
    (on ? ellipse([x, y + 40, 240, 200], halo) : '') +
    path(
      `M${x - 62} ${y + 44} Q${x - 50} ${y} ${x} ${y - 6} Q${x + 50} ${y} ${x + 62} ${y + 44} Z`,
      sheet.lit(sheet.random.pick(['#2f3b40', '#c9793a', '#e8dfcc'])),
    ) +
    ellipse([x, y + 44, 62, 8], on ? '#fff0c8' : sheet.lit('#d9d2c2'))
  );
}

export function sofa(sheet: Sheet, x: number, base: number, w: number): string {
  const { random } = sheet;
  const cloth = sheet.lit(random.pick(FABRICS));
  const dark = mix(cloth, '#000000', 0.18);
  const light = mix(cloth, '#ffffff', 0.1);
  const parts = [
    ellipse([x + w / 2, base + 8, w * 0.54, 16], '#000000', 'opacity="0.25"'),
    rect([x, base - 168, w, 130], dark, 'rx="26"'),
    rect([x + 34, base - 92, w - 68, 66], light, 'rx="14"'),
    rect([x + 34, base - 40, w - 68, 34], cloth, 'rx="8"'),
    rect([x - 22, base - 122, 62, 116], cloth, 'rx="22"'),
    rect([x + w - 40, base - 122, 62, 116], cloth, 'rx="22"'),
    rect([x + 10, base - 8, 14, 18], sheet.lit('#4a3826')),
    rect([x + w - 24, base - 8, 14, 18], sheet.lit('#4a3826')),
    rect([x + w / 2 - 1.5, base - 90, 3, 62], dark),
  ];
  for (const at of [0.18, 0.68]) {
    const cushion = sheet.lit(random.pick(FABRICS), -0.06);
    parts.push(
      rect(
        [x + w * at, base - 146, 84, 72],
        cushion,
        `rx="16" transform="rotate(${random.whole(-12, 12)} ${x + w * at + 42} ${base - 110})"`,
      ),
    );
  }
  return parts.join('');
}

export function table(
  sheet: Sheet,
  [x, y, w, legs]: readonly [x: number, y: number, w: number, legs: number],
): string {
  const { random } = sheet;
  const wood = sheet.lit(random.pick(['#7a5636', '#5d4029', '#a67c52', '#d9d2c4']));
  const parts = [
    ellipse([x + w / 2, y + legs + 8, w * 0.52, 14], '#000000', 'opacity="0.2"'),
    rect([x, y, w, 16], wood, 'rx="5"'),
    rect([x + 18, y + 16, 14, legs], mix(wood, '#000000', 0.15)),
    rect([x + w - 32, y + 16, 14, legs], mix(wood, '#000000', 0.15)),
  ];
  const bowl = sheet.lit(random.pick(FABRICS));
  parts.push(
    path(
      `M${x + w * 0.42} ${y - 22} H${x + w * 0.62} Q${x + w * 0.58} ${y} ${x + w * 0.52} ${y} Q${x + w * 0.46} ${y} ${x + w * 0.42} ${y - 22} Z`,
      bowl,
    ),
  );
  for (const at of [0.46, 0.51, 0.56])
    parts.push(
      ellipse([x + w * at, y - 26, 14, 13], sheet.lit(random.pick(['#d98a2b', '#c9432f', '#8fae3f']))),
    );
  for (const at of [0.16, 0.82]) {
    parts.push(rect([x + w * at, y - 22, 20, 22], sheet.lit('#f4efe4'), 'rx="3"'));
  }
  return parts.join('');
}

export function rug(sheet: Sheet, x: number, y: number, w: number): string {
  const color = sheet.lit(sheet.random.pick(FABRICS));
  return [1, 0.84, 0.66, 0.46]
    .map((size, i) => ellipse([x, y, w * size, w * 0.16 * size], i % 2 ? mix(color, '#ffffff', 0.5) : color))
    .join('');
}

export function bed(
  sheet: Sheet,
  city: City,
  [x, base, w]: readonly [x: number, base: number, w: number],
): string {
  const { random } = sheet;
  const cover = sheet.lit(random.pick(FABRICS));
  const linen = sheet.lit('#fbf8f1', -0.05);
  const low = city === 'Kyoto' ? 60 : 0;
  const top = base - 150 + low;
  const parts = [ellipse([x + w / 2, base + 14, w * 0.56, 20], '#000000', 'opacity="0.24"')];
  if (city !== 'Kyoto') {
    const head = sheet.lit(random.pick(['#6b4c33', '#8d6a48', '#56606a', '#c9b493']));
    parts.push(rect([x - 10, top - 110, w + 20, 190], head, 'rx="18"'));
    parts.push(rect([x + 14, top - 86, w - 28, 90], mix(head, '#ffffff', 0.1), 'rx="10"'));
  }
  parts.push(rect([x, top - 10, w, 90], linen, 'rx="16"'));
  for (const at of [0.07, 0.53]) {
    parts.push(rect([x + w * at, top - 50, w * 0.4, 66], mix(linen, '#000000', 0.05), 'rx="24"'));
    parts.push(rect([x + w * at + 6, top - 54, w * 0.4 - 12, 58], linen, 'rx="24"'));
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

export function shelf(sheet: Sheet, x: number, y: number, w: number): string {
  const { random } = sheet;
  const parts = [rect([x, y, w, 10], sheet.lit('#7a5a3c'))];
  for (let at = x + 8; at < x + w - 20;) {
    const [wide, tall] = [random.between(9, 20), random.between(36, 66)];
    if (random.is(0.85)) parts.push(rect([at, y - tall, wide, tall], sheet.lit(random.pick(FABRICS))));
    at += wide + 2;
  }
  return parts.join('');
}

export function counter(sheet: Sheet): string {
  const { random } = sheet;
  const front = sheet.lit(random.pick(['#dfe4e0', '#4f6b66', '#f0e9dc', '#7a8a99', '#b98a5a']));
  const parts = [rect([60, 430, 760, 190], front), rect([46, 414, 788, 20], sheet.lit('#e9e4da'), 'rx="4"')];
  for (let i = 0; i < 5; i += 1) {
    parts.push(
      rect([68 + i * 150, 444, 142, 166], 'none', `stroke="${mix(front, '#000000', 0.22)}" stroke-width="3"`),
    );
    parts.push(rect([118 + i * 150, 458, 42, 6], sheet.lit('#8f8a80'), 'rx="3"'));
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
