import { whole } from './report.js';

export interface Screen {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

const BAR_EVERY_MS = 100;
const LINE_EVERY_MS = 5_000;
const BAR = 24;

/** The progress of one file: a bar on a terminal, otherwise a line every five seconds. */
export class Progress {
  private readonly startedAt = performance.now();
  private shownAt: number;
  private drawn = false;

  constructor(
    private readonly screen: Screen,
    private readonly what: string,
  ) {
    this.shownAt = screen.isTTY ? -Infinity : this.startedAt;
  }

  update(share: number, rows: number): void {
    const now = performance.now();
    if (now - this.shownAt < (this.screen.isTTY ? BAR_EVERY_MS : LINE_EVERY_MS)) return;
    this.shownAt = now;
    if (this.screen.isTTY) this.draw(share, rows);
    else this.screen.write(`${this.what}: ${percent(share)}, ${whole(rows)} rows\n`);
  }

  done(rows: number): void {
    if (this.drawn) this.screen.write('\r\x1b[K');
    const seconds = (performance.now() - this.startedAt) / 1000;
    this.screen.write(`${this.what}: ${whole(rows)} rows in ${seconds.toFixed(1)} s\n`);
  }

  /** Ends the line of the bar. */
  abandon(): void {
    if (this.drawn) this.screen.write('\n');
  }

  private draw(share: number, rows: number): void {
    const seconds = (performance.now() - this.startedAt) / 1000;
    const remaining = share > 0.02 ? `, ${Math.ceil((seconds / share) * (1 - share))} s left` : '';
    const full = Math.round(Math.min(1, share) * BAR);
    const text = `${this.what.padEnd(10)} [${'#'.repeat(full)}${'-'.repeat(BAR - full)}] ${percent(share)} ${whole(rows)} rows${remaining}`;
    this.screen.write(`\r\x1b[K${text.slice(0, (this.screen.columns || 80) - 1)}`);
    this.drawn = true;
  }
}

const percent = (share: number): string => `${Math.floor(Math.min(1, share) * 100)} %`.padStart(5);
