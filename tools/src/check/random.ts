/** A generator of pseudo-random numbers (mulberry32): the same seed gives the same sequence. */
export class Random {
  constructor(private state: number) {}

  /** A number in the interval [0, 1). */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }

  /** An integer from `min` to `max`, both included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.next() * (max - min + 1));
  }

  /** Returns true with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One element, all equally likely; undefined for an empty list. */
  pick<T>(elements: readonly T[]): T | undefined {
    return elements[Math.floor(this.next() * elements.length)];
  }

  /** One of the names, with a probability in proportion to its weight. */
  pickWeighted<N extends string>(weights: Readonly<Record<N, number>>): N {
    const entries = Object.entries(weights) as [N, number][];
    let remaining = this.next() * entries.reduce((sum, [, weight]) => sum + weight, 0);
    for (const [name, weight] of entries) {
      remaining -= weight;
      if (remaining < 0) return name;
    }
    return (entries.at(-1) as [N, number])[0];
  }
}
