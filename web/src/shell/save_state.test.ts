import { describe, expect, it } from "vitest";
import { saveState, type Saving } from "./save_state";

const WELL: Saving = { waiting: 0, isOnline: true, problem: null, conflicts: 0, hasUnkept: false };
const said = (more: Partial<Saving>) => saveState({ ...WELL, ...more });

describe("the save state", () => {
  it("never says saved while something waits", () => {
    expect(said({}).kind).toBe("saved");
    expect(said({ waiting: 1 }).kind).toBe("saving");
    expect(said({ conflicts: 1 })).toMatchObject({ kind: "waiting", text: "Not saved: 1 conflict" });
    expect(said({ waiting: 1, problem: "It is busy." })).toMatchObject({
      kind: "waiting",
      text: "Not saved yet: 1 change waits",
      detail: "It is busy. What you changed is kept in this browser until it is saved.",
    });
  });

  it("counts what waits offline, and warns of what would be lost", () => {
    expect(said({ isOnline: false }).text).toBe("Offline");
    expect(said({ isOnline: false, waiting: 3 }).text).toBe("Offline: 3 changes wait");
    expect(said({ isOnline: false, waiting: 3, hasUnkept: true })).toMatchObject({
      kind: "unkept",
      text: "Do not close this page: 3 changes wait",
    });
    expect(said({ waiting: 1, hasUnkept: true, problem: "Sign in." })).toMatchObject({
      kind: "unkept",
      detail: "Sign in. This browser has no room to keep your changes.",
    });
    expect(said({ waiting: 1, hasUnkept: true }).kind).toBe("saving");
  });
});
