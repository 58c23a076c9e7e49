import { type Box, ellipse, HEIGHT, path, polygon, rect, type Sheet, WIDTH } from './svg.js';

export function sky(sheet: Sheet, horizon: number): string {
  const { random, light, timeOfDay } = sheet;
  const [top, middle, low] = light.sky;
  const parts = [
    rect(
      [0, 0, WIDTH, horizon + 40],
      sheet.gradient([
        [0, top],
        [0.65, middle],
        [1, low],
      ]),
    ),
  ];
  if (timeOfDay === 'night') {
    for (let i = 0; i < 90; i += 1) {
      const size = random.between(0.6, 1.9);
      parts.push(
        ellipse(
          [random.between(0, WIDTH), random.between(0, horizon * 0.8), size, size],
          '#ffffff',
          `opacity="${random.between(0.3, 0.95).toFixed(2)}"`,
        ),
      );
    }
  }
  const x = random.between(180, WIDTH - 180);
  const y = horizon * light.sun.height;
  const glow = sheet.gradient(
    [
      [0, light.sun.glow, 0.9],
      [1, light.sun.glow, 0],
    ],
    true,
  );
  parts.push(ellipse([x, y, 230, 230], glow));
  parts.push(ellipse([x, y, 36, 36], light.sun.color));
  if (timeOfDay === 'night') parts.push(ellipse([x + 14, y - 7, 32, 32], light.sky[0]));
  const clouds = random.whole(2, 4);
  for (let i = 0; i < clouds; i += 1) {
    const [cx, cy, wide] = [
      random.between(0, WIDTH),
      random.between(40, horizon * 0.6),
      random.between(70, 150),
    ];
    const fill = sheet.lit('#ffffff', 0.05);
    const puffs = [-2, -1, 0, 1, 2].map((at) =>
      ellipse([cx + at * wide * 0.36, cy - (2 - Math.abs(at)) * 9, wide * 0.34, 17], fill),
    );
    parts.push(`<g opacity="0.6">${puffs.join('')}</g>`);
  }
  return parts.join('');
}

export function hills(sheet: Sheet, base: number, height: number, color: string): string {
  const { random } = sheet;
  let d = `M0 ${base}`;
  for (let x = 0; x <= WIDTH; x += 150) {
    d += ` Q${x + 75} ${Math.round(base - height * random.between(0.5, 1.3))} ${x + 150} ${Math.round(base - height * random.between(0.2, 0.7))}`;
  }
  return path(`${d} V${HEIGHT} H0 Z`, sheet.lit(color, 0.12));
}

/** A window seen from outside: its panes show daylight or a lamp. */
export function pane(sheet: Sheet, [x, y, w, h]: Box, frame: string): string {
  const lamp = sheet.random.is(sheet.light.lit);
  const glass = lamp ? sheet.random.pick(['#ffdd91', '#ffcf70', '#ffe7b0']) : sheet.lit('#4f6f86', 0.05);
  return (
    rect([x - 3, y - 3, w + 6, h + 6], sheet.lit(frame)) +
    rect([x, y, w, h], glass) +
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
    rect([x + w / 2 - 1.2, y, 2.4, h], sheet.lit(frame)) +
    rect([x, y + h * 0.45, w, 2.4], sheet.lit(frame))
  );
}
