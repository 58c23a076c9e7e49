/** SVG elements. A picture is drawn on a sheet of 1200 × 800. */
export const WIDTH = 1200;
export const HEIGHT = 800;

export type Point = readonly [x: number, y: number];
/** The corner at the top left, width and height; of an ellipse its centre and radii. */
export type Box = readonly [x: number, y: number, width: number, height: number];

const fine = (n: number): number => Math.round(n * 10) / 10;

export function rect([x, y, w, h]: Box, fill: string, more = ''): string {
  return `<rect x="${fine(x)}" y="${fine(y)}" width="${fine(w)}" height="${fine(h)}" fill="${fill}" ${more}/>`;
}

export function polygon(points: readonly Point[], fill: string, more = ''): string {
  return `<polygon points="${points.map(([x, y]) => `${fine(x)},${fine(y)}`).join(' ')}" fill="${fill}" ${more}/>`;
}

export function ellipse([x, y, rx, ry]: Box, fill: string, more = ''): string {
  return `<ellipse cx="${fine(x)}" cy="${fine(y)}" rx="${fine(rx)}" ry="${fine(ry)}" fill="${fill}" ${more}/>`;
}

export function line(
  from: Point,
  to: Point,
  [stroke, width]: readonly [stroke: string, width: number],
  more = '',
): string {
  return `<line x1="${fine(from[0])}" y1="${fine(from[1])}" x2="${fine(to[0])}" y2="${fine(to[1])}" stroke="${stroke}" stroke-width="${width}" ${more}/>`;
}

/** `d` as in SVG. */
export function path(d: string, fill: string, more = ''): string {
  return `<path d="${d}" fill="${fill}" ${more}/>`;
}

/** A repeatable sequence of numbers: the same for the same seed. */
export class SeededRandom {
  #state: number;

  constructor(seed: string) {
    let hash = 2166136261;
    for (let i = 0; i < seed.length; i += 1) hash = Math.imul(hash ^ seed.charCodeAt(i), 16777619);
    this.#state = hash >>> 0;
  }

  /** From 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  between(low: number, high: number): number {
    return low + this.next() * (high - low);
  }

  whole(low: number, high: number): number {
    return Math.floor(this.between(low, high + 1));
  }

  is(share: number): boolean {
    return this.next() < share;
  }

  pick<T>(items: readonly T[]): T {
    return items[Math.floor(this.next() * items.length)] as T;
  }
}

export function mix(color: string, other: string, share: number): string {
  const part = (text: string, at: number) => parseInt(text.slice(1 + 2 * at, 3 + 2 * at), 16);
  const mixed = [0, 1, 2].map((at) => Math.round(part(color, at) * (1 - share) + part(other, at) * share));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

export type TimeOfDay = 'dawn' | 'day' | 'dusk' | 'night';

interface Lighting {
  sky: readonly [string, string, string];
  sun: { color: string; glow: string; height: number };
  ambient: readonly [color: string, share: number];
  /** Share of windows with a lamp on. */
  lit: number;
}

const LIGHTING: Record<TimeOfDay, Lighting> = {
  dawn: {
    sky: ['#8fb4da', '#f4cdb8', '#fdebcf'],
    sun: { color: '#fff3d6', glow: '#ffd9a0', height: 0.72 },
    ambient: ['#e8b7a0', 0.16],
    lit: 0.15,
  },
  day: {
    sky: ['#4f9fde', '#9fcff0', '#e2f2fb'],
    sun: { color: '#fffbe8', glow: '#fff2b8', height: 0.2 },
    ambient: ['#ffffff', 0.04],
    lit: 0,
  },
  dusk: {
    sky: ['#35346f', '#b5587f', '#fbb26a'],
    sun: { color: '#ffe2a8', glow: '#ff9d5c', height: 0.8 },
    ambient: ['#5b3a6b', 0.36],
    lit: 0.55,
  },
  night: {
    sky: ['#0a1230', '#1c2b5c', '#3d4f86'],
    sun: { color: '#f4f1de', glow: '#8fa3d6', height: 0.2 },
    ambient: ['#0d1738', 0.62],
    lit: 0.6,
  },
};

/** The state of one picture: random sequence, time of day, and the definitions that its elements refer to. */
export class Sheet {
  readonly light: Lighting;
  /** Indoors the time of day changes colours less. */
  indoors = false;
  readonly #definitions: string[] = [];

  constructor(
    readonly random: SeededRandom,
    readonly timeOfDay: TimeOfDay,
  ) {
    this.light = LIGHTING[timeOfDay];
  }

  /** A colour under the light of the time of day. */
  lit(color: string, more = 0): string {
    const [ambient, share] = this.light.ambient;
    return mix(color, ambient, Math.min(0.92, share * (this.indoors ? 0.55 : 1) + more));
  }

  /** A gradient from top to bottom, or from the centre if `radial`. Stops are `[offset, color, opacity]`. */
  gradient(stops: readonly (readonly [number, string, number?])[], radial = false): string {
    const id = `g${this.#definitions.length}`;
    const inner = stops
      .map(
        ([at, color, opacity = 1]) =>
          `<stop offset="${at}" stop-color="${color}" stop-opacity="${opacity}"/>`,
      )
      .join('');
    this.#definitions.push(
      radial
        ? `<radialGradient id="${id}">${inner}</radialGradient>`
        : `<linearGradient id="${id}" x1="0" y1="0" x2="0" y2="1">${inner}</linearGradient>`,
    );
    return `url(#${id})`;
  }

  pattern(width: number, height: number, content: string): string {
    const id = `g${this.#definitions.length}`;
    this.#definitions.push(
      `<pattern id="${id}" width="${width}" height="${height}" patternUnits="userSpaceOnUse">${content}</pattern>`,
    );
    return `url(#${id})`;
  }

  /** Clips `content` to a rectangle. */
  clip([x, y, w, h]: Box, content: string): string {
    const id = `g${this.#definitions.length}`;
    this.#definitions.push(`<clipPath id="${id}">${rect([x, y, w, h], '#000')}</clipPath>`);
    return `<g clip-path="url(#${id})">${content}</g>`;
  }

  svg(content: string): string {
    return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}"><defs>${this.#definitions.join('')}</defs>${content}</svg>`;
  }
}
