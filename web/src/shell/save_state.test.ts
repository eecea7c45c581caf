import { describe, expect, it } from "vitest";
import { saveState, type Saving } from "./save_state";

const WELL: Saving = { waiting: 0, isOnline: true, problem: null, conflicts: 0, hasUnkept: false };
const said = (more: Partial<Saving>) => saveState({ ...WELL, ...more });

describe("the save state", () => {
  it("never says saved while something waits", () => {
    expect(said({}).kind).toBe("saved");
    expect(said({ waiting: 1 }).kind).toBe("saving");
    expect(said({ waiting: 1, problem: "busy" })).toMatchObject({
      kind: "waiting",
      text: "Not saved yet: 1 change waits",
      detail: "busy",
    });
  });

  it("counts what waits offline, and warns of what would be lost", () => {
    expect(said({ isOnline: false }).text).toBe("Offline");
    expect(said({ isOnline: false, waiting: 3 }).text).toBe("Offline: 3 changes wait");
    expect(said({ isOnline: false, waiting: 3, hasUnkept: true }).kind).toBe("unkept");
  });
});
