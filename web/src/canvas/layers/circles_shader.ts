/**
 * How a ring is drawn: by a square around it, or, where that would be mostly empty, by a band.
 *
 * All corners of all circles are drawn at once and read their circle from a texture. Drawing one
 * circle many times over (instances) is as fast on a graphics card, but takes 15 microseconds a
 * circle where a browser draws without one.
 */
import type { ShaderModule } from "@luma.gl/shadertools";

/** Straight parts of a band. */
const PARTS = 12;
const ANGLE = (2 * Math.PI) / PARTS;
/** A corner lies this much farther out than the middle of a side. */
const STRETCH = 1 / Math.cos(ANGLE / 2);
/** Of the triangles of one circle. */
export const CORNERS_OF_SQUARE = 6;
export const CORNERS_OF_BAND = 6 * PARTS;

const block = /* glsl */ `\
layout(std140) uniform circlesUniforms {
  vec4 colour;
  vec2 middle;
  vec2 pixel;
  float scale;
  float first;
  float width;
  float smallest;
  float shape;
  float isBand;
} circles;
`;

export const circlesUniforms = {
  name: "circles",
  vs: block,
  fs: block,
  uniformTypes: {
    colour: "vec4<f32>",
    middle: "vec2<f32>",
    pixel: "vec2<f32>",
    scale: "f32",
    first: "f32",
    width: "f32",
    smallest: "f32",
    shape: "f32",
    isBand: "f32",
  },
} as const satisfies ShaderModule;

export const vertexShader = /* glsl */ `\
#version 300 es
#define SHADER_NAME circles-vertex
uniform highp sampler2D records;
out vec2 fromMiddle;
flat out float radiusPixels;

// Across and along, of the six corners of two triangles.
const ivec2 CORNERS[6] = ivec2[6](
  ivec2(0, 0), ivec2(1, 0), ivec2(0, 1), ivec2(0, 1), ivec2(1, 0), ivec2(1, 1)
);

// A corner of the square around the ring, or of the band that holds it, in pixels of the screen.
vec2 corner(int number, float reach) {
  ivec2 side = CORNERS[number % 6];
  if (circles.isBand < 0.5) return reach * (2.0 * vec2(side) - 1.0);
  float turn = ${ANGLE.toFixed(7)} * float(number / 6 + side.y);
  // The middles of the inner and the outer sides, not their corners, must clear the line.
  float distance = side.x == 0 ? 2.0 * radiusPixels - reach : ${STRETCH.toFixed(7)} * reach;
  return distance * vec2(cos(turn), sin(turn));
}

void main(void) {
  int corners = circles.isBand < 0.5 ? ${CORNERS_OF_SQUARE} : ${CORNERS_OF_BAND};
  int drawn = gl_VertexID / corners;
  int circle = int(circles.first) + drawn;
  int width = textureSize(records, 0).x;
  vec4 record = texelFetch(records, ivec2(circle % width, circle / width), 0);
  radiusPixels = max(record.z * circles.scale, circles.smallest);
  fromMiddle = corner(gl_VertexID - drawn * corners, radiusPixels + circles.width * 0.5 + 0.5);
  // The view looks straight down: no matrix is needed, and 100 000 circles are drawn sooner.
  vec2 onScreen = (record.xy - circles.middle) * circles.scale + fromMiddle;
  gl_Position = vec4(onScreen * circles.pixel, 0.0, 1.0);
}
`;

export const fragmentShader = /* glsl */ `\
#version 300 es
#define SHADER_NAME circles-fragment
precision highp float;
in vec2 fromMiddle;
flat in float radiusPixels;
out vec4 fragColor;

float line(float distance) {
  float half_width = circles.width * 0.5;
  return 1.0 - smoothstep(half_width - 0.5, half_width + 0.5, distance);
}

void main(void) {
  float distance = length(fromMiddle);
  float cover = line(abs(distance - radiusPixels));
  if (circles.shape > 2.5) {
    cover = max(cover, line(distance - 1.2 * circles.width));
  } else if (circles.shape > 1.5) {
    if (distance < radiusPixels) {
      vec2 arms = abs(vec2(fromMiddle.x + fromMiddle.y, fromMiddle.x - fromMiddle.y)) * 0.7071068;
      cover = max(cover, line(min(arms.x, arms.y)));
    }
  } else if (circles.shape > 0.5 && cover > 0.0) {
    // Twelve dashes, whatever the size: 12 / (2 pi) turns of the pattern.
    cover *= step(0.4, fract(atan(fromMiddle.y, fromMiddle.x) * 1.9098593));
  }
  if (cover <= 0.0) discard;
  fragColor = vec4(circles.colour.rgb, cover * circles.colour.a);
}
`;
