/** How tiles are drawn: greys between two limits, smoothed by a Gaussian. */
import type { ShaderModule } from "@luma.gl/shadertools";

const block = /* glsl */ `\
layout(std140) uniform tilesUniforms {
  vec2 middle;
  vec2 pixel;
  float scale;
  float low;
  float high;
  float inverted;
  float deviation;
  float margin;
  float side;
} tiles;
`;

export const tilesUniforms = {
  name: "tiles",
  vs: block,
  fs: block,
  uniformTypes: {
    middle: "vec2<f32>",
    pixel: "vec2<f32>",
    scale: "f32",
    low: "f32",
    high: "f32",
    inverted: "f32",
    deviation: "f32",
    margin: "f32",
    side: "f32",
  },
} as const satisfies ShaderModule;

export const vertexShader = /* glsl */ `\
#version 300 es
#define SHADER_NAME tiles-vertex
in vec2 positions;
in vec4 instanceRectangles;
in vec4 instanceSizes;
in vec4 instanceReaches;
out vec2 place;
flat out vec4 bounds;
flat out float slot;
flat out float scale;

void main(void) {
  vec2 corner = instanceRectangles.xy + positions * instanceRectangles.zw;
  vec2 onScreen = (corner - tiles.middle) * tiles.scale;
  gl_Position = vec4(onScreen * tiles.pixel, 0.0, 1.0);
  place = positions * instanceSizes.xy;
  // Middles of the outermost pixels that are known: the tile's, or of its neighbours' beside it.
  bounds = vec4(0.5 - instanceReaches.xy, instanceSizes.xy + instanceReaches.zw - 0.5);
  slot = instanceSizes.z;
  scale = instanceSizes.w;
}
`;

export const fragmentShader = /* glsl */ `\
#version 300 es
#define SHADER_NAME tiles-fragment
precision highp float;
precision highp sampler2DArray;
uniform sampler2DArray greys;
in vec2 place;
flat in vec4 bounds;
flat in float slot;
flat in float scale;
out vec4 fragColor;

float grey(vec2 at) {
  vec2 inside = clamp(at, bounds.xy, bounds.zw);
  return texture(greys, vec3((inside + tiles.margin) / tiles.side, slot)).r;
}

// Weights of the eight pixels around a place along one axis, by twos: the card's own
// interpolation adds two pixels at the price of one. At x: where, from the pixel before the place;
// at y: the weight.
vec2 pair(float first, float fraction, float exponent) {
  float a = exp(exponent * (first - fraction) * (first - fraction));
  float b = exp(exponent * (first + 1.0 - fraction) * (first + 1.0 - fraction));
  return vec2(first + b / max(a + b, 1e-20), a + b);
}

float smoothed(vec2 at, float deviation) {
  vec2 before = floor(at - 0.5) + 0.5;
  vec2 fraction = at - before;
  float exponent = -0.5 / (deviation * deviation);
  vec2 across[4];
  vec2 down[4];
  for (int i = 0; i < 4; i++) {
    across[i] = pair(float(2 * i - 3), fraction.x, exponent);
    down[i] = pair(float(2 * i - 3), fraction.y, exponent);
  }
  float sum = 0.0;
  float weight = 0.0;
  for (int j = 0; j < 4; j++) {
    for (int i = 0; i < 4; i++) {
      float share = across[i].y * down[j].y;
      sum += share * grey(before + vec2(across[i].x, down[j].x));
      weight += share;
    }
  }
  return sum / weight;
}

void main(void) {
  float deviation = min(tiles.deviation / scale, 1.3);
  float value = deviation > 0.4 ? smoothed(place, deviation) : grey(place);
  value = clamp((value - tiles.low) / (tiles.high - tiles.low), 0.0, 1.0);
  value = mix(value, 1.0 - value, tiles.inverted);
  fragColor = vec4(vec3(value), 1.0);
}
`;
