/** What a person at the terminal sees: one line per step, with the time since the process began. */
export class Terminal {
  step(text: string): void {
    console.log(`  ${`${this.seconds()} s`.padStart(7)}  ${text}`);
  }

  say(text: string): void {
    console.log(text);
  }

  complain(text: string): void {
    console.error(text);
  }

  seconds(): string {
    return (performance.now() / 1000).toFixed(1);
  }
}
