import { describe, expect, it } from "vitest";
import { ApiError } from "./errors";
import { waitFor } from "./waits";

const wait = (status: number) => waitFor(new ApiError(status, "?"));

describe("an image that cannot be shown", () => {
  it("is asked for again, soon where only the server is busy or away", () => {
    expect(wait(503)).toBe(wait(0));
    expect(wait(422)).toBeGreaterThan(wait(503)!);
  });

  it("is asked for almost at once where its file has changed", () => {
    expect(wait(409)).toBeLessThan(wait(503)!);
  });

  it("is not asked for again where that would not help", () => {
    expect(wait(404)).toBeNull();
    expect(wait(401)).toBeNull();
    expect(waitFor(new Error("This browser cannot decode pictures."))).toBeNull();
  });
});
