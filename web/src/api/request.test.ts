import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiError } from "./errors";
import { address, fetchBlob, ofProject, onSessionEnd, request } from "./request";

const answers = (answer: Response | Error) =>
  vi.stubGlobal(
    "fetch",
    vi.fn(() => (answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer))),
  );

const failed = (asked = request("x")) =>
  asked.then(
    () => null,
    (error: unknown) => error as ApiError,
  );

afterEach(() => void vi.unstubAllGlobals());

describe("requests", () => {
  it("leave out of the address what is not said", () => {
    expect(address("images/3", { v: null, order: "score", offset: 0 })).toBe(
      "api/images/3?order=score&offset=0",
    );
  });

  it("send changes as JSON, also where there is nothing to say", async () => {
    answers(new Response(null, { status: 204 }));
    expect(await request("images/1/wanted", { method: "POST" })).toBeNull();
    expect(fetch).toHaveBeenCalledWith("api/images/1/wanted", {
      method: "POST",
      credentials: "same-origin",
      body: "{}",
      headers: { "Content-Type": "application/json" },
    });
  });

  it("give the server's sentence", async () => {
    answers(Response.json({ message: "Click 3 more." }, { status: 409 }));
    expect(await failed()).toMatchObject({
      status: 409,
      message: "Click 3 more.",
      isTemporary: false,
    });
  });

  it("say so when the server does not answer, or a proxy answers in its place", async () => {
    answers(new TypeError("fetch failed"));
    expect(await failed()).toMatchObject({ status: 0, isTemporary: true });
    answers(new Response("<html>", { status: 502 }));
    expect(await failed()).toMatchObject({ status: 502, isTemporary: true });
    answers(new Response("<html>", { status: 200 }));
    expect(await failed()).toMatchObject({ status: 0, isTemporary: true });
  });

  it("are given up after a while where that is asked for: a dead tunnel says nothing", async () => {
    const never = (_: string, { signal }: RequestInit) =>
      new Promise((_resolve, reject) =>
        signal?.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    vi.stubGlobal("fetch", vi.fn(never));
    expect(await failed(request("x", { timeout_ms: 1 }))).toMatchObject({
      status: 0,
      isTemporary: true,
    });
  });

  it("fetch pictures, and say what went wrong as all others do", async () => {
    const { signal } = new AbortController();
    answers(new Response("picture"));
    expect(await (await fetchBlob("api/x", signal)).text()).toBe("picture");
    answers(Response.json({ message: "There is no such tile." }, { status: 404 }));
    await expect(fetchBlob("api/x", signal)).rejects.toMatchObject({
      status: 404,
      message: "There is no such tile.",
    });
    answers(new TypeError("fetch failed"));
    await expect(fetchBlob("api/x", signal)).rejects.toMatchObject({ status: 0 });
  });

  it("tell once the session has ended", async () => {
    const ended = vi.fn();
    onSessionEnd(ended);
    answers(Response.json({ message: "Open the address again." }, { status: 401 }));
    await failed();
    expect(ended).toHaveBeenCalledOnce();
  });

  it("say of which project the page is, once it knows", async () => {
    ofProject("p1");
    answers(Response.json({}));
    await request("project");
    expect(fetch).toHaveBeenCalledWith("api/project", {
      method: "GET",
      credentials: "same-origin",
      headers: { "Nunatak-Project": "p1" },
    });
  });
});
