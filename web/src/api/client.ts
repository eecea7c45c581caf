/** The server's API, one function an address. All throw `ApiError`. */
import { address, request } from "./request";
import type {
  Comparison,
  Edit,
  ExportFormat,
  Gallery,
  Histogram,
  ImagePicks,
  ImageSummary,
  ImportCounts,
  Labels,
  PickAsked,
  PickCounts,
  PickSetChange,
  PickSets,
  PickSetSummary,
  Project,
  ProjectChange,
  PruneAsked,
  Pyramid,
  Queue,
  Review,
  Run,
  Runs,
  Saved,
  Slices,
  TrainAsked,
} from "./schema";

export { ApiError, words } from "./errors";
export type { Operation } from "./operations";
export type * from "./schema";

export type RunAsked = PickAsked | TrainAsked | PruneAsked;
export type ImageState = ImageSummary["state"];
export type Plane = "xy" | "xz" | "yz";

// ------------------------------------------------------------------------------- the project
export const getProject = () => request<Project>("project");

export const changeProject = (change: ProjectChange) =>
  request<Project>("project", { method: "PATCH", json: change });

// -------------------------------------------------------------------------------- the images
export const getQueue = () => request<Queue>("images");

export const getImage = (image: number) => request<ImageSummary>(`images/${image}`);

export const changeImageState = (image: number, state: ImageState) =>
  request<ImageSummary>(`images/${image}`, { method: "PATCH", json: { state } });

/** Say that the user looks at this image: it is picked next. */
export const wantImage = (image: number) =>
  request<null>(`images/${image}/wanted`, { method: "POST" });

// ------------------------------------------------------------------------------ the pictures
export const getPyramid = (image: number, signal?: AbortSignal) =>
  request<Pyramid>(`images/${image}/pyramid`, { signal });

export const getSlices = (image: number, signal?: AbortSignal) =>
  request<Slices>(`images/${image}/slices`, { signal });

/** With `version` (of the pyramid or the slices) the browser keeps a picture for good. */
export const thumbnailUrl = (image: number, version: string | null = null) =>
  address(`images/${image}/thumbnail`, { v: version });

export const tileUrl = (
  image: number,
  level: number,
  row: number,
  column: number,
  version: string | null = null,
) => address(`images/${image}/tiles/${level}/${row}/${column}`, { v: version });

export const sliceUrl = (
  image: number,
  plane: Plane,
  index: number,
  thickness = 1,
  size = 0,
  version: string | null = null,
) => address(`images/${image}/slices/${plane}/${index}`, { thickness, size, v: version });

// -------------------------------------------------------------------------------- the labels
export const getLabels = (image: number, signal?: AbortSignal) =>
  request<Labels>(`images/${image}/labels`, { signal });

/** Up to this many letters a browser finishes sending although the page is closed: it takes 64 KiB
 * of all requests together, and a letter may be three bytes. */
const KEEPALIVE_LETTERS = 20_000;

/** So long may what is saved, of thousands of labels at most, be on its way. */
const SAVED_WITHIN_MS = 60_000;

/** Save an edit now. Edits of a person go through `edit_queue`, which never loses one. */
export const saveEdit = (image: number, edit: Edit) =>
  request<Saved>(`images/${image}/edits`, {
    method: "POST",
    json: edit,
    timeout_ms: SAVED_WITHIN_MS,
    keepalive: JSON.stringify(edit).length < KEEPALIVE_LETTERS,
  });

// --------------------------------------------------------------------------------- the picks
export const getPickSets = () => request<PickSets>("pick-sets");

export const changePickSet = (set: number, change: PickSetChange) =>
  request<PickSetSummary>(`pick-sets/${set}`, { method: "PATCH", json: change });

/** How many picks of a set each image shows; null asks for all images. */
export const getPickCounts = (set: number, images: readonly number[] | null = null) =>
  request<PickCounts>(`pick-sets/${set}/counts`, {
    query: { images: images === null ? null : images.join(",") },
  });

export const getPicks = (set: number, image: number, signal?: AbortSignal) =>
  request<ImagePicks>(`pick-sets/${set}/images/${image}`, { signal });

export const getHistogram = (set: number, class_name: string | null = null, signal?: AbortSignal) =>
  request<Histogram>(`pick-sets/${set}/histogram`, { query: { class_name }, signal });

/** Of which picks of each set: all above its threshold, or those of them that nobody rejected. */
export interface CompareQuery {
  first_kept?: boolean;
  second_kept?: boolean;
}

export const comparePickSets = (
  first: number,
  second: number,
  query: CompareQuery = {},
  signal?: AbortSignal,
) => request<Comparison>("pick-sets/compare", { query: { first, second, ...query }, signal });

export interface GalleryQuery {
  order?: "score" | "doubt" | "class";
  descending?: boolean;
  selected_only?: boolean;
  undecided_only?: boolean;
  image?: number | null;
  class_name?: string | null;
  predicted_class?: string | null;
  decision?: "keep" | "reject" | null;
  offset?: number;
  limit?: number;
}

export const getGallery = (set: number, query: GalleryQuery = {}, signal?: AbortSignal) =>
  request<Gallery>(`pick-sets/${set}/gallery`, { query: { ...query }, signal });

/** One picture of many candidates, by rows in the order of `numbers` (at most 400). */
export const sheetUrl = (set: number, numbers: readonly number[], columns = 10, tile_px = 96) =>
  address(`pick-sets/${set}/pictures`, { numbers: numbers.join(","), columns, tile_px });

/** Save decisions now. Those of a person go through `decision_queue`, which never loses one. */
export const saveReview = (set: number, review: Review) =>
  request<null>(`pick-sets/${set}/reviews`, {
    method: "POST",
    json: review,
    timeout_ms: SAVED_WITHIN_MS,
    keepalive: JSON.stringify(review).length < KEEPALIVE_LETTERS,
  });

// ---------------------------------------------------------------------------------- the runs
export const getRuns = () => request<Runs>("runs");

export const startRun = (asked: RunAsked) => request<Run>("runs", { method: "POST", json: asked });

export const stopRun = (run: number) => request<Run>(`runs/${run}/stop`, { method: "POST" });

export const continueRun = (run: number) =>
  request<Run>(`runs/${run}/continue`, { method: "POST" });

export const getLog = (run: number) => request<string>(`runs/${run}/log`);

// --------------------------------------------------------------------------------- the files
export const getExportFormats = () => request<ExportFormat[]>("export/formats");

export const exportLabelsUrl = (file_format: string, which: "all" | "particles" = "all") =>
  address("export/labels", { file_format, which });

export const exportPicksUrl = (
  pick_set: number,
  file_format: string,
  which: "selected" | "kept" | "all" = "selected",
) => address("export/picks", { pick_set, file_format, which });

export const importLabels = (file: Blob, file_name: string) =>
  request<ImportCounts>("import/labels", { method: "POST", query: { file_name }, file });

export const eventsUrl = () => address("events");
