/** A sleep that `wake` ends early. A wake while no sleep is running ends the next one at once. */
export class WakeableTimer {
  #woken = false;
  #wake: (() => void) | undefined;

  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Returns whether `wake` ended the sleep. */
  async sleep(ms: number): Promise<boolean> {
    if (!this.#woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const woken = this.#woken;
    this.#wake = undefined;
    this.#woken = false;
    return woken;
  }
}
