/** The part of the page that the graphics card draws. */
import { Deck, OrthographicView, type Layer } from "@deck.gl/core";
import type { Device } from "@luma.gl/core";
import type { View } from "../geometry/view";
import { Cost, isWorn, REST_ms, transformBetween } from "./held_picture";

export interface StageOptions {
  parent: HTMLDivElement;
  ready: (device: Device) => void;
  /** Called with a sentence for the user where nothing can be drawn. */
  failed: (problem: string) => void;
}

const ORIGIN: View = { x: 0, y: 0, scale: 1 };
const NO_WEBGL =
  "This browser cannot draw here, because WebGL 2 is switched off or missing. Switch on hardware " +
  "acceleration in the browser's settings, or open the page in a current Firefox, Chrome, Edge " +
  "or Safari.";
const LOST = "The graphics card stopped drawing, perhaps because it was short of memory.";

export class Stage {
  #deck: Deck<OrthographicView> | null = null;
  #isClosed = false;
  #layers: Layer[] = [];
  /** Of what is asked for, of what was last given to be drawn, and of what is drawn. */
  #view: View = ORIGIN;
  #given: View = ORIGIN;
  #drawn: View | null = null;
  readonly #cost = new Cost();
  #rest: ReturnType<typeof setTimeout> | null = null;

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
      viewState: viewState(ORIGIN),
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
      onAfterRender: ({ gl }) => {
        this.#drawn = this.#given;
        this.#place();
        this.#cost.begin(gl);
      },
      onError: (error) => options.failed(`The picture could not be drawn: ${error.message}`),
    });
  }

  /** Draw; the same layers as before say that only the view is another. */
  draw(view: View, layers: Layer[]): void {
    // What comes on the way, such as finer parts of the picture, waits for the rest, too.
    const isMoving = layers === this.#layers || this.#rest !== null;
    const isStill = view === this.#view;
    this.#view = view;
    this.#layers = layers;
    if (!isMoving || !this.#cost.isLong || this.#drawn === null) this.#redraw();
    // What comes puts the rest off no further.
    else if (!isStill || this.#rest === null) this.#move(this.#drawn);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#deck?.finalize();
    this.#deck = null;
  }

  /** Move what is there, and draw it anew at rest, or sooner where little of it is left. */
  #move(drawn: View): void {
    const { clientWidth: width, clientHeight: height } = this.options.parent;
    if (!this.#cost.isUnderWay && isWorn(drawn, this.#view, { width, height })) {
      this.#redraw();
      return;
    }
    this.#place();
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#redraw(), REST_ms);
  }

  #redraw(): void {
    if (this.#rest !== null) clearTimeout(this.#rest);
    this.#rest = null;
    this.#given = this.#view;
    this.#deck?.setProps({ viewState: viewState(this.#view), layers: this.#layers });
  }

  /** Put what is drawn where the view is now. */
  #place(): void {
    const canvas = this.options.parent.querySelector("canvas");
    if (canvas === null || this.#drawn === null) return;
    const transform = transformBetween(this.#drawn, this.#view);
    if (canvas.style.transform !== transform) canvas.style.transform = transform;
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
