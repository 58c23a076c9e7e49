import { type Box, ellipse, HEIGHT, line, mix, path, polygon, rect, type Sheet, WIDTH } from './svg.js';
import {
  bed,
  counter,
  FABRICS,
  hanging,
  lamp,
  painting,
  plant,
  rug,
  shelf,
  sofa,
  table,
} from './furniture.js';
import { kyoto } from './kyoto.js';
import { lisbon } from './lisbon.js';
import { montreal } from './montreal.js';
import type { City, Room } from './subject.js';

const VIEWS = { Lisbon: lisbon, Montréal: montreal, Kyoto: kyoto };
const WALLS: Record<City, readonly string[]> = {
  Lisbon: ['#f7f1e3', '#e9eef0', '#f4e3cc', '#e3ebe2'],
  Montréal: ['#e8e4dc', '#d5dad6', '#eadfd0', '#cfd8e0'],
  Kyoto: ['#e9dec3', '#ddd0b0', '#efe8d6', '#cfc6ae'],
};
const FLOOR = 560;
/** A window from inside: the view of the city and the frame. */
function window(sheet: Sheet, city: City, [x, y, w, h]: Box): string {
  const frame = sheet.lit(city === 'Kyoto' ? '#5a4330' : '#fbf8f0');
  const scale = Math.max(w / WIDTH, h / 640) * 1.15;
  sheet.indoors = false;
  const view = `<g transform="translate(${x - (WIDTH * scale - w) / 2} ${y - 40 * scale}) scale(${scale.toFixed(3)})">${VIEWS[city](sheet)}</g>`;
  sheet.indoors = true;
  const parts = [
    rect([x - 14, y - 14, w + 28, h + 28], frame),
    sheet.clip([x, y, w, h], view),
    rect([x, y, w, h], '#ffffff', 'opacity="0.07"'),
    rect([x + w / 2 - 4, y, 8, h], frame),
    rect([x, y + h * 0.38, w, 7], frame),
  ];
  if (city !== 'Kyoto') parts.push(rect([x - 24, y + h + 14, w + 48, 13], sheet.lit('#efe9dc')));
  return parts.join('');
}

/** Sunlight on the floor; none at night. */
function sunbeam(sheet: Sheet, x: number, w: number): string {
  if (sheet.timeOfDay === 'night') return '';
  const color = sheet.timeOfDay === 'day' ? '#fff6d6' : '#ffc58a';
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

function curtains(sheet: Sheet, [x, y, w, h]: Box): string {
  const cloth = sheet.lit(sheet.random.pick(['#f3ece0', '#d9c7b0', '#b9c4c0', '#d8b8a8']));
  const fold = mix(cloth, '#000000', 0.1);
  const side = (left: number) =>
    rect([left, y - 30, 62, h + 90], cloth) +
    [10, 26, 42].map((at) => rect([left + at, y - 30, 6, h + 90], fold)).join('');
  return rect([x - 80, y - 38, w + 160, 8], sheet.lit('#6b5640'), 'rx="4"') + side(x - 66) + side(x + w + 4);
}

function floor(sheet: Sheet, city: City): string {
  const { random } = sheet;
  if (city === 'Kyoto') {
    const parts = [rect([0, FLOOR, WIDTH, HEIGHT - FLOOR], sheet.lit('#c9bf86'))];
    const border = sheet.lit('#3d4a35');
    for (let row = 0; row < 3; row += 1) {
      const y = FLOOR + row * (55 + row * 25);
      parts.push(rect([0, y, WIDTH, 5 + row * 2], border));
      for (let at = -2; at < 8; at += 1) {
        const shift = (row % 2) * 110;
        parts.push(
          line(
            [600 + (at * 220 + shift - 700), y],
            [600 + (at * 220 + shift - 700) * 1.16, y + 80 + row * 30],
            [border, 5 + row * 2],
          ),
        );
      }
    }
    for (let i = 0; i < 60; i += 1) {
      parts.push(rect([0, FLOOR + i * 4, WIDTH, 1], '#6d6a3c', 'opacity="0.16"'));
    }
    return parts.join('');
  }
  const wood = random.pick(['#b98a5a', '#a06f45', '#c9a074', '#8a6244']);
  const parts = [rect([0, FLOOR, WIDTH, HEIGHT - FLOOR], sheet.lit(wood))];
  for (let i = -10; i <= 22; i += 1) {
    const top = i * 100;
    const shade = sheet.lit(mix(wood, random.is(0.5) ? '#000000' : '#ffffff', random.between(0.02, 0.14)));
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
  parts.push(rect([0, FLOOR - 16, WIDTH, 18], sheet.lit('#f4efe6')));
  return parts.join('');
}

function wall(sheet: Sheet, city: City): string {
  const { random } = sheet;
  const color = random.pick(WALLS[city]);
  const parts = [
    rect(
      [0, 0, WIDTH, FLOOR],
      sheet.gradient([
        [0, sheet.lit(mix(color, '#000000', 0.08))],
        [1, sheet.lit(color)],
      ]),
    ),
  ];
  if (city === 'Lisbon' && random.is(0.6)) {
    const blue = sheet.lit('#3d6ea5');
    const tile = sheet.pattern(
      40,
      40,
      rect([0, 0, 40, 40], sheet.lit('#f2f4f1')) +
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
        rect([0, 0, 40, 40], 'none', `stroke="${sheet.lit('#c9d2d6')}"`),
    );
    parts.push(rect([0, FLOOR - 160, WIDTH, 160], tile), rect([0, FLOOR - 168, WIDTH, 10], blue));
  }
  if (city === 'Montréal' && random.is(0.5)) {
    const brick = random.pick(['#a9614a', '#96543f', '#b57a62']);
    const rows = sheet.pattern(
      64,
      36,
      rect([0, 0, 64, 36], sheet.lit('#d9cfc2')) +
        rect([1, 1, 62, 16], sheet.lit(brick)) +
        rect([-31, 19, 62, 16], sheet.lit(mix(brick, '#000000', 0.08))) +
        rect([33, 19, 62, 16], sheet.lit(mix(brick, '#ffffff', 0.06))),
    );
    parts.push(rect([0, 0, WIDTH, FLOOR], rows));
  }
  if (city === 'Kyoto') {
    const beam = sheet.lit('#54402f');
    parts.push(rect([0, 84, WIDTH, 16], beam));
    for (const x of [40, 1140]) parts.push(rect([x, 0, 22, FLOOR], beam));
  }
  return parts.join('');
}

function shoji(sheet: Sheet, [x, y, w, h]: Box): string {
  const wood = sheet.lit('#5a4330');
  const paper = sheet.timeOfDay === 'night' ? '#e9c98c' : sheet.lit('#faf6ea', -0.05);
  const parts = [rect([x, y, w, h], paper), rect([x, y, w, h], 'none', `stroke="${wood}" stroke-width="10"`)];
  for (let i = 1; i < 4; i += 1) parts.push(rect([x + (w * i) / 4 - 2, y, 4, h], wood));
  for (let i = 1; i < 7; i += 1) parts.push(rect([x, y + (h * i) / 7 - 2, w, 4], wood));
  return parts.join('');
}

/** A room with a view of the city. */
export function room(sheet: Sheet, city: City, kind: Room): string {
  const { random } = sheet;
  sheet.indoors = true;
  const [w, h] = kind === 'kitchen' ? [300, 230] : [random.between(300, 400), random.between(290, 340)];
  const x = kind === 'kitchen' ? 430 : random.is(0.5) ? random.between(150, 260) : random.between(640, 720);
  const y = kind === 'kitchen' ? 110 : 128;
  const other = x < 500 ? 830 : 250;
  const parts = [
    wall(sheet, city),
    floor(sheet, city),
    window(sheet, city, [x, y, w, h]),
    sunbeam(sheet, x, w),
  ];
  if (city === 'Kyoto') {
    parts.push(shoji(sheet, [x - 150, y - 14, 128, h + 28 + (FLOOR - y - h - 28)]));
    parts.push(shoji(sheet, [x + w + 22, y - 14, 128, h + 28 + (FLOOR - y - h - 28)]));
  } else if (kind !== 'kitchen') parts.push(curtains(sheet, [x, y, w, h]));
  if (kind === 'kitchen') {
    parts.push(shelf(sheet, 90, 230, 280), shelf(sheet, 90, 330, 280), counter(sheet));
    parts.push(hanging(sheet, 960, 210), table(sheet, [790, 590, 340, 120]), plant(sheet, 1110, 586, 90));
  } else if (kind === 'bedroom') {
    if (random.is(0.6)) parts.push(painting(sheet, [other - 80, 130, 190, 140]));
    parts.push(rug(sheet, 600, 742, 470), bed(sheet, city, [other - 180, 700, 380]));
    parts.push(lamp(sheet, other > 500 ? 585 : 640, 640, 120), plant(sheet, x < 500 ? 130 : 1100, 640, 150));
  } else {
    parts.push(city === 'Kyoto' ? '' : painting(sheet, [other - 60, 150, 170, 220]));
    parts.push(rug(sheet, 600, 730, 480));
    if (city === 'Kyoto') {
      parts.push(table(sheet, [420, 650, 380, 46]));
      for (const seat of [340, 880])
        parts.push(ellipse([seat, 716, 74, 20], sheet.lit(random.pick(FABRICS))));
      parts.push(lamp(sheet, other, 600, 60));
    } else {
      parts.push(sofa(sheet, other - 190, 660, 400), table(sheet, [470, 690, 290, 60]));
      parts.push(lamp(sheet, other + (other > 500 ? 240 : 280), 640, 250));
    }
    parts.push(plant(sheet, x < 500 ? 90 : 1120, 650, 190));
  }
  return parts.join('');
}
