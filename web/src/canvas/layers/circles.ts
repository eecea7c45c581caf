/** Rings around many places, drawn by one call. */
import { Layer, type LayerProps, type UpdateParameters } from "@deck.gl/core";
import type { Texture } from "@luma.gl/core";
import { Model } from "@luma.gl/engine";
import {
  circlesUniforms,
  CORNERS_OF_BAND,
  CORNERS_OF_SQUARE,
  fragmentShader,
  vertexShader,
} from "./circles_shader";
import { packed, stretchesIn, type Packed, type Part } from "./packed";
import { placeOf, type Placing } from "./placing";

export type Colour = readonly [red: number, green: number, blue: number];
export type Shape = "ring" | "dashed" | "cross" | "dot";

/** Arrays are compared by identity: give a new one to change what is drawn. */
export interface CirclesProps extends LayerProps {
  /** Pairs of x and y, in the view's units. */
  positions: Float32Array;
  /** A score for each; without, all are drawn. */
  scores?: Float32Array | null;
  /** A radius for each, in the view's units; without, all have `radius`. */
  radii?: Float32Array | null;
  radius?: number;
  /** Circles of a lower score are left out. */
  threshold?: number;
  /** 0 to 255. */
  colour?: Colour;
  /** Width of the line, CSS pixels. */
  width_px?: number;
  /** Smallest radius drawn, CSS pixels. */
  smallest_px?: number;
  shape?: Shape;
}

const SHAPES: Record<Shape, number> = { ring: 0, dashed: 1, cross: 2, dot: 3 };
/** Only their line is drawn, so that a band around it does. */
const HOLLOW: readonly Shape[] = ["ring", "dashed"];
/** Rings of a larger radius on the screen are drawn by bands, of which less is empty. */
const LARGEST_SQUARE_px = 9;

const fixed = (value: unknown) => ({ type: "object", value, optional: true });

const defaultProps = {
  positions: fixed(new Float32Array()),
  scores: fixed(null),
  radii: fixed(null),
  radius: 0,
  threshold: 0,
  colour: fixed([255, 255, 255]),
  width_px: 1.5,
  smallest_px: 2.5,
  shape: "ring",
};

type CirclesState = {
  model: Model;
  circles: Packed | null;
  records: Texture | null;
};

export class CirclesLayer extends Layer<Required<CirclesProps>> {
  static override layerName = "CirclesLayer";
  static override defaultProps = defaultProps as never;

  declare state: CirclesState;

  override initializeState(): void {
    const shaders = this.getShaders({
      vs: vertexShader,
      fs: fragmentShader,
      modules: [circlesUniforms],
    });
    const model = new Model(this.context.device, {
      ...shaders,
      id: this.props.id,
      topology: "triangle-list",
      vertexCount: 0,
      isInstanced: false,
      parameters: { depthWriteEnabled: false, depthCompare: "always" },
    });
    this.setState({ model, circles: null, records: null });
  }

  override updateState({ props, oldProps }: UpdateParameters<CirclesLayer>): void {
    const isSame =
      props.positions === oldProps.positions &&
      props.scores === oldProps.scores &&
      props.radii === oldProps.radii &&
      props.radius === oldProps.radius &&
      props.threshold === oldProps.threshold;
    if (isSame && this.state.records !== null) return;
    this.state.records?.destroy();
    this.state.circles = packed(props);
    const { data, width, height } = this.state.circles;
    this.state.records = this.context.device.createTexture({
      id: `${this.props.id}-records`,
      format: "rgba32float",
      width,
      height,
      data,
      mipLevels: 1,
      sampler: { minFilter: "nearest", magFilter: "nearest" },
    });
  }

  override draw(): void {
    const { model, records, circles } = this.state;
    const { colour, opacity, width_px, smallest_px, shape } = this.props;
    if (circles === null || records === null) return;
    const placing = placeOf(this.context.viewport);
    const radius_px = Math.max(smallest_px, circles.largest * placing.scale);
    const isBand = HOLLOW.includes(shape) && radius_px > LARGEST_SQUARE_px;
    const corners = isBand ? CORNERS_OF_BAND : CORNERS_OF_SQUARE;
    model.setBindings({ records });
    for (const { first, count } of stretchesIn(circles, this.#inSight(placing, radius_px))) {
      model.setVertexCount(count * corners);
      model.shaderInputs.setProps({
        circles: {
          ...placing,
          colour: [...colour.map((channel) => channel / 255), opacity],
          first,
          width: width_px,
          smallest: smallest_px,
          shape: SHAPES[shape],
          isBand: isBand ? 1 : 0,
        },
      });
      model.draw(this.context.renderPass);
    }
  }

  /** Where the middle of a circle must lie for a bit of it to be seen. */
  #inSight({ middle, scale }: Placing, radius_px: number): Part {
    const { width, height } = this.context.viewport;
    const reach = radius_px + this.props.width_px;
    const [across, down] = [(width / 2 + reach) / scale, (height / 2 + reach) / scale];
    const [x, y] = middle;
    return { left: x - across, top: y - down, right: x + across, bottom: y + down };
  }

  override finalizeState(context: this["context"]): void {
    super.finalizeState(context);
    this.state.model.destroy();
    this.state.records?.destroy();
  }
}
