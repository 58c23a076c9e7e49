/** The cost of the parts of a feed in microseconds, measured on a slow machine and rounded up. */
export const COST = {
  /** An event, counted twice: when it is begun and when its dates are read. */
  event: 75,
  /** An occurrence of a series. */
  occurrence: 150,
  /** An additional or an excluded date. */
  date: 60,
  /** A change of the clocks in the definition of a time zone. */
  transition: 20,
  /** A name of a time zone. */
  zoneName: 1_500,
  /** A date that the rule library looks at. */
  ruleStep: 45,
};

/**
 * The limit of the cost of one feed: feeds are untrusted, and a read has to end long before its lease of 60 seconds, as
 * another process would repeat it and discard its result.
 */
const MAX_COST = 5_000_000;
const COST_BETWEEN_PAUSES = 20_000;

/** The cost of one feed so far. */
export class ReadBudget {
  private spent = 0;
  private restAt = COST_BETWEEN_PAUSES;

  constructor(private readonly pause: () => Promise<unknown>) {}

  get isExhausted(): boolean {
    return this.spent > MAX_COST;
  }

  charge(cost: number): void {
    this.spent += cost;
  }

  /** Yields to other work after a part of the cost. */
  async rest(): Promise<void> {
    if (this.spent < this.restAt) return;
    this.restAt = this.spent + COST_BETWEEN_PAUSES;
    await this.pause();
  }
}
