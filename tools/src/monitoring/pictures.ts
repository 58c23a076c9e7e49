import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Dashboard, Unit } from './dashboard.js';
import type { PanelResult } from './panel-check.js';

const COLUMNS = 3;
const WIDTH = 460;
const HEIGHT = 250;
const PLOT = { left: 56, right: 12, top: 34, bottom: 74 };
const COLOURS = ['#3274d9', '#e0752d', '#56a64b', '#a352cc', '#c4162a', '#e0b400', '#1f9e9e', '#8a8a8a'];
const MOST_NAMES = 6;

/** Draws each dashboard from live results as one PNG, since Grafana may not be at hand. */
export async function drawDashboards(results: readonly PanelResult[], folder: string): Promise<string[]> {
  await mkdir(folder, { recursive: true });
  const files: string[] = [];
  for (const [dashboard, panels] of Map.groupBy(results, (result) => result.dashboard)) {
    const file = join(folder, `dashboard-${dashboard.name}.png`);
    await sharp(Buffer.from(sheet(dashboard, panels)))
      .png({ palette: true })
      .toFile(file);
    files.push(file);
  }
  return files;
}

function sheet(dashboard: Dashboard, results: readonly PanelResult[]): string {
  const parts: string[] = [];
  let y = 44;
  for (const row of dashboard.rows) {
    parts.push(
      `<text x="12" y="${y + 20}" font-size="15" font-weight="bold" fill="#333">${escape(row.title)}</text>`,
    );
    y += 32;
    row.panels.forEach((panel, index) => {
      const result = results.find((candidate) => candidate.panel === panel);
      const x = 8 + (index % COLUMNS) * (WIDTH + 8);
      const top = y + Math.floor(index / COLUMNS) * (HEIGHT + 8);
      if (result) parts.push(`<g transform="translate(${x},${top})">${chart(result)}</g>`);
    });
    y += Math.ceil(row.panels.length / COLUMNS) * (HEIGHT + 8);
  }
  const width = 16 + COLUMNS * (WIDTH + 8) - 8;
  const service = results[0]?.service;
  const title = `Roost: ${dashboard.title}${service ? ` (${service})` : ''}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + 8}" font-family="DejaVu Sans, sans-serif">
<rect width="100%" height="100%" fill="#f4f5f5"/><text x="12" y="30" font-size="20" font-weight="bold" fill="#222">${escape(title)}</text>${parts.join('')}</svg>`;
}

function chart({ panel, series }: PanelResult): string {
  const lines = series.map(({ labels, values }) => ({
    name: labels.legend ?? '',
    points: values
      .map(([time, value]): [number, number] => [time, Number(value)])
      .filter(([, v]) => Number.isFinite(v)),
  }));
  const points = lines.flatMap((line) => line.points);
  const head = `<rect width="${WIDTH}" height="${HEIGHT}" rx="3" fill="#fff" stroke="#d8d9da"/><text x="12" y="22" font-size="13" fill="#222">${escape(panel.title)}</text>`;
  if (points.length === 0)
    return `${head}<text x="${WIDTH / 2}" y="${HEIGHT / 2}" text-anchor="middle" font-size="13" fill="#999">no data: no ${escape(panel.emptyWithout ?? 'series')}</text>`;
  if (panel.kind === 'stat')
    return `${head}<text x="${WIDTH / 2}" y="${HEIGHT / 2 + 16}" text-anchor="middle" font-size="44" fill="#56a64b">${format(points.at(-1)?.[1] ?? 0, panel.unit)}</text>`;
  const times = points.map(([time]) => time);
  const [from, to] = [Math.min(...times), Math.max(...times)];
  const top = niceMaximum(Math.max(...points.map(([, value]) => value)));
  const x = (time: number) =>
    PLOT.left + ((time - from) / Math.max(1, to - from)) * (WIDTH - PLOT.left - PLOT.right);
  const y = (value: number) => HEIGHT - PLOT.bottom - (value / top) * (HEIGHT - PLOT.top - PLOT.bottom);
  const grid = [0, 0.25, 0.5, 0.75, 1].map((share) => {
    const level = y(top * share).toFixed(1);
    return `<line x1="${PLOT.left}" x2="${WIDTH - PLOT.right}" y1="${level}" y2="${level}" stroke="#eee"/><text x="${PLOT.left - 6}" y="${Number(level) + 4}" text-anchor="end" font-size="10" fill="#777">${format(top * share, panel.unit)}</text>`;
  });
  const clock = [from, (from + to) / 2, to].map(
    (time) =>
      `<text x="${x(time).toFixed(1)}" y="${HEIGHT - PLOT.bottom + 14}" text-anchor="middle" font-size="10" fill="#777">${new Date(time * 1000).toISOString().slice(11, 19)}</text>`,
  );
  const strokes = lines.map((line, index) => {
    const path = line.points.map(([time, value]) => `${x(time).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
    return `<polyline points="${path}" fill="none" stroke="${colourOf(index)}" stroke-width="1.5"/>`;
  });
  return head + grid.join('') + clock.join('') + strokes.join('') + legend(lines.map(({ name }) => name));
}

function legend(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES);
  const texts = shown.map((name, index) => {
    const x = 14 + (index % 2) * (WIDTH / 2 - 8);
    const y = HEIGHT - PLOT.bottom + 32 + Math.floor(index / 2) * 14;
    return `<rect x="${x}" y="${y - 8}" width="9" height="9" fill="${colourOf(index)}"/><text x="${x + 13}" y="${y}" font-size="10" fill="#444">${escape(name.slice(0, 32))}</text>`;
  });
  const rest = names.length - shown.length;
  if (rest > 0)
    texts.push(
      `<text x="${WIDTH - 12}" y="22" text-anchor="end" font-size="10" fill="#777">and ${rest} more</text>`,
    );
  return texts.join('');
}

const colourOf = (index: number): string => COLOURS[index % COLOURS.length] ?? '#000';

function niceMaximum(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 2.5, 5, 10].find((step) => step * power >= value) ?? 10) * power;
}

function format(value: number, unit: Unit): string {
  const rounded = (number: number) => String(Number(number.toPrecision(3)));
  if (unit === 'percentunit') return `${rounded(value * 100)} %`;
  if (unit === 's') return value > 0 && value < 1 ? `${rounded(value * 1000)} ms` : `${rounded(value)} s`;
  if (unit === 'bytes') return value >= 1e6 ? `${rounded(value / 1e6)} MB` : `${rounded(value / 1e3)} kB`;
  const short =
    value >= 1e6 ? `${rounded(value / 1e6)} M` : value >= 1e4 ? `${rounded(value / 1e3)} k` : rounded(value);
  return unit === 'reqps' || unit === 'ops' ? `${short}/s` : short;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
