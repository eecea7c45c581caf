/** The picks of a set as layers; arrays are made anew only when what they hold changed. */
import type { Candidates } from "../review/candidates";
import type { Colour, CirclesLayer } from "./layers/circles";
import { layerOf } from "./marks";
import { groupsOf } from "./pick_groups";

const NONE = new Uint8Array();
const NOTHING = new Float32Array();
/** Rejected picks are drawn smaller and fainter. */
const REJECTED_SIZE = 0.55;
const REJECTED_OPACITY = 0.75;

export interface SetLook {
  id: string;
  radius: number;
  threshold: number;
  colour: Colour;
  width_px: number;
  visible: boolean;
}

export class SetMarks {
  // Each array by itself: deriving stops where one stays the same.
  readonly #x = $derived.by(() => this.candidates()?.x ?? NOTHING);
  readonly #y = $derived.by(() => this.candidates()?.y ?? NOTHING);
  readonly #score = $derived.by(() => this.candidates()?.score ?? NOTHING);
  readonly #className = $derived.by(() => this.candidates()?.className ?? null);
  readonly #decision = $derived.by(() => this.candidates()?.decision ?? NONE);
  readonly #verdict = $derived.by(() => this.candidates()?.verdict ?? NONE);
  readonly #groups = $derived.by(() =>
    groupsOf(
      {
        x: this.#x,
        y: this.#y,
        score: this.#score,
        className: this.#className,
        decision: this.#decision,
        verdict: this.#verdict,
      },
      this.radiusOf,
    ),
  );
  readonly #rejectedRadii = $derived.by(
    () => this.#groups.rejected.radii?.map((radius) => REJECTED_SIZE * radius) ?? null,
  );

  constructor(
    private readonly candidates: () => Candidates | null,
    private readonly radiusOf: (className: string) => number | null,
  ) {}

  /** What is kept, that to be reviewed with a dot. */
  kept(look: SetLook): CirclesLayer[] {
    const { kept, toReview } = this.#groups;
    return [
      layerOf({ ...look, ...kept }),
      layerOf({ ...look, ...toReview, id: `${look.id}-review`, shape: "dot" }),
    ];
  }

  /** What is kept, drawn in one way. */
  dashed(look: SetLook): CirclesLayer[] {
    const { kept, toReview } = this.#groups;
    return [
      layerOf({ ...look, ...kept, shape: "dashed" }),
      layerOf({ ...look, ...toReview, id: `${look.id}-review`, shape: "dashed" }),
    ];
  }

  rejected(look: SetLook): CirclesLayer {
    return layerOf({
      ...look,
      ...this.#groups.rejected,
      radii: this.#rejectedRadii,
      radius: REJECTED_SIZE * look.radius,
      opacity: REJECTED_OPACITY,
      id: `${look.id}-rejected`,
      shape: "cross",
    });
  }
}
