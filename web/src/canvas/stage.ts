/** The part of the page that the graphics card draws. */
import { Deck, OrthographicView, type Layer } from "@deck.gl/core";
import type { Device } from "@luma.gl/core";
import type { View } from "../geometry/view";

export interface StageOptions {
  parent: HTMLDivElement;
  ready: (device: Device) => void;
  /** Called with a sentence for the user where nothing can be drawn. */
  failed: (problem: string) => void;
}

const NO_WEBGL =
  "This browser cannot draw here, because WebGL 2 is switched off or missing. Switch on hardware " +
  "acceleration in the browser's settings, or open the page in a current Firefox, Chrome, Edge " +
  "or Safari.";
const LOST = "The graphics card stopped drawing, perhaps because it was short of memory.";

export class Stage {
  #deck: Deck<OrthographicView> | null = null;
  #isClosed = false;

  constructor(private readonly options: StageOptions) {
    if (!hasWebGL2()) {
      options.failed(NO_WEBGL);
      return;
    }
    this.#deck = new Deck<OrthographicView>({
      parent: options.parent,
      width: "100%",
      height: "100%",
      views: new OrthographicView({ id: "image", flipY: true }),
      viewState: viewState({ x: 0, y: 0, scale: 1 }),
      // The page moves the view itself, since a drag means different things to different tools.
      controller: false,
      layers: [],
      useDevicePixels: true,
      // The shaders smooth their lines themselves, at a fraction of what the browser's way costs.
      deviceProps: { type: "webgl", webgl: { antialias: false }, debugShaders: "never" },
      onDeviceInitialized: (device) => {
        void device.lost.then(() => this.#lost());
        const { canvas } = device.getDefaultCanvasContext();
        canvas.addEventListener("webglcontextlost", () => this.#lost());
        if (!this.#isClosed) options.ready(device);
      },
      onLoad: () => {
        // The surface around it takes the keys; one stop for the Tab key is enough.
        const canvas = options.parent.querySelector("canvas");
        if (canvas) canvas.tabIndex = -1;
      },
      onError: (error) => options.failed(`The picture could not be drawn: ${error.message}`),
    });
  }

  draw(view: View, layers: Layer[]): void {
    this.#deck?.setProps({ viewState: viewState(view), layers });
  }

  close(): void {
    this.#isClosed = true;
    this.#deck?.finalize();
    this.#deck = null;
  }

  #lost(): void {
    if (!this.#isClosed) this.options.failed(LOST);
  }
}

function viewState(view: View): { target: [number, number, number]; zoom: number } {
  return { target: [view.x, view.y, 0], zoom: Math.log2(view.scale) };
}

function hasWebGL2(): boolean {
  const context = document.createElement("canvas").getContext("webgl2");
  // Browsers keep few contexts at once.
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return context !== null;
}
