/** Tiles of a micrograph, drawn by one call. */
import { Layer, type LayerProps, type UpdateParameters } from "@deck.gl/core";
import type { Buffer, Texture } from "@luma.gl/core";
import { Geometry, Model } from "@luma.gl/engine";
import { MARGIN_px } from "../tile_texture";
import { placeOf } from "./placing";
import { fragmentShader, tilesUniforms, vertexShader } from "./tiles_shader";

/** Numbers for each tile: rectangle on the image, size with slot and scale, reaches. */
export const NUMBERS_OF_TILE = 12;

export interface TilesProps extends LayerProps {
  /** Left, top, width, height; pixels, rows, slot, scale; margins known, of each tile. */
  tiles: Float32Array;
  texture: Texture;
  /** Greys, 0 to 255, drawn black and white. */
  low: number;
  high: number;
  inverted: boolean;
  /** Of the low-pass, pixels of the stored image; 0 for none. */
  deviation: number;
}

type TilesState = {
  model: Model;
  buffer: Buffer | null;
};

const fixed = (value: unknown) => ({ type: "object", value, optional: true });

const defaultProps = {
  tiles: fixed(new Float32Array()),
  texture: fixed(null),
  low: 0,
  high: 255,
  inverted: false,
  deviation: 0,
};

export class TilesLayer extends Layer<TilesProps> {
  static override layerName = "TilesLayer";
  static override defaultProps = defaultProps as never;

  declare state: TilesState;

  override initializeState(): void {
    const shaders = this.getShaders({
      vs: vertexShader,
      fs: fragmentShader,
      modules: [tilesUniforms],
    });
    const model = new Model(this.context.device, {
      ...shaders,
      id: this.props.id,
      bufferLayout: [
        {
          name: "tiles",
          stepMode: "instance",
          byteStride: 4 * NUMBERS_OF_TILE,
          attributes: [
            { attribute: "instanceRectangles", format: "float32x4", byteOffset: 0 },
            { attribute: "instanceSizes", format: "float32x4", byteOffset: 16 },
            { attribute: "instanceReaches", format: "float32x4", byteOffset: 32 },
          ],
        },
      ],
      geometry: new Geometry({
        topology: "triangle-strip",
        attributes: {
          positions: { size: 2, value: new Float32Array([0, 0, 1, 0, 0, 1, 1, 1]) },
        },
      }),
      isInstanced: true,
      parameters: { depthWriteEnabled: false, depthCompare: "always" },
    });
    this.setState({ model, buffer: null });
  }

  /** How many deck.gl draws. */
  override getNumInstances(): number {
    return this.props.tiles.length / NUMBERS_OF_TILE;
  }

  override updateState({ props, oldProps }: UpdateParameters<TilesLayer>): void {
    const { model, buffer } = this.state;
    if (props.tiles === oldProps.tiles && buffer !== null) return;
    buffer?.destroy();
    const data = props.tiles.length > 0 ? props.tiles : new Float32Array(NUMBERS_OF_TILE);
    this.state.buffer = this.context.device.createBuffer(data);
    model.setAttributes({ tiles: this.state.buffer });
  }

  override draw(): void {
    const { model } = this.state;
    const { tiles, texture, low, high, inverted, deviation } = this.props;
    if (tiles.length === 0) return;
    model.setBindings({ greys: texture });
    model.shaderInputs.setProps({
      tiles: {
        ...placeOf(this.context.viewport),
        low: low / 255,
        high: Math.max(high, low + 1) / 255,
        inverted: inverted ? 1 : 0,
        deviation,
        margin: MARGIN_px,
        side: texture.width,
      },
    });
    model.draw(this.context.renderPass);
  }

  override finalizeState(context: this["context"]): void {
    super.finalizeState(context);
    this.state.model.destroy();
    this.state.buffer?.destroy();
  }
}
