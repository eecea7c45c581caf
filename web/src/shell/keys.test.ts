import { describe, expect, it } from "vitest";
import { listKeys, nameOf, readable, registerKeys } from "./keys";

const pressed = (key: string, held: Partial<KeyboardEvent> = {}) =>
  nameOf({
    key,
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    shiftKey: false,
    ...held,
  } as KeyboardEvent);

describe("keys", () => {
  it("names what is pressed", () => {
    expect(pressed("N", { shiftKey: true })).toBe("shift+n");
    expect(pressed("z", { metaKey: true })).toBe("ctrl+z");
    expect(pressed("?", { shiftKey: true })).toBe("?");
    expect(pressed("ArrowLeft", { shiftKey: true })).toBe("shift+ArrowLeft");
    expect(pressed("+", { ctrlKey: true })).toBe("ctrl++");
  });

  it("writes them for people", () => {
    expect(["ctrl+z", "?", "Escape", "ctrl++", "+"].map(readable)).toEqual([
      "Ctrl + Z",
      "?",
      "Esc",
      "Ctrl + +",
      "+",
    ]);
  });

  it("lists what is registered, and no more once it is taken away", () => {
    const run = () => undefined;
    const undo = registerKeys([
      { key: "n", what: "Next", run, group: "Images" },
      { key: "n", what: "Next", run, group: "Images" },
      { key: "p", what: "Previous", run, group: "Images" },
    ]);
    expect(
      listKeys()
        .get("Images")
        ?.map((key) => key.key),
    ).toEqual(["n", "p"]);
    undo();
    expect(listKeys().has("Images")).toBe(false);
  });
});
