/** Decisions on their way to the server, and questions for which it has to know them all. */
import type { Carrier } from "../api/carrier";
import { Outbox } from "../api/outbox";
import type { PickDecision } from "../api/schema";
import type { Said } from "./decision_store";

/** Decisions in one request at most, as the server allows. */
const MOST = 20_000;

export class DecisionQueue {
  readonly outbox: Outbox<Said, void>;
  /** The last question for which nothing may be sent; the next waits for it. */
  #still: Promise<unknown> = Promise.resolve();

  constructor(
    carrier: Pick<Carrier<Said, void>, "deliver" | "ended">,
    private readonly newId: () => string,
  ) {
    this.outbox = new Outbox({ ...carrier, idOf: (one) => one.id });
  }

  submit(set: number, decisions: readonly PickDecision[]): void {
    for (let first = 0; first < decisions.length; first += MOST) {
      const part = decisions.slice(first, first + MOST);
      this.outbox.submit({ id: this.newId(), set, decisions: part });
    }
  }

  /**
   * Ask something while everything is saved and nothing is on its way; what is decided meanwhile
   * waits until the answer is there.
   *
   * @throws Error where decisions wait for the network.
   */
  standingStill<T>(ask: () => Promise<T>): Promise<T> {
    const answer = this.#still.then(() => this.#askStill(ask));
    this.#still = answer.catch(() => undefined);
    return answer;
  }

  async #askStill<T>(ask: () => Promise<T>): Promise<T> {
    await this.outbox.settled();
    if (this.outbox.waiting.length > 0) {
      throw new Error(`Decisions are not saved yet. ${this.outbox.problem ?? ""}`.trim());
    }
    const release = this.outbox.hold();
    try {
      return await ask();
    } finally {
      release();
    }
  }
}
