/** Prints to the terminal: a line per step, with the time since the start of the process. */
export class Terminal {
  step(text: string): void {
    console.log(`  ${`${this.seconds()} s`.padStart(7)}  ${text}`);
  }

  print(text: string): void {
    console.log(text);
  }

  printError(text: string): void {
    console.error(text);
  }

  seconds(): string {
    return (performance.now() / 1000).toFixed(1);
  }
}
