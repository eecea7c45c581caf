/** The tools by name. */
import type { Tool as Name } from "../../state/settings.svelte";
import { PointTool } from "./point";
import { CompleteTool, MeasureTool, OutlineTool } from "./shapes";
import { EraseTool, ExcludeTool, LassoTool } from "./stroke";
import { PanTool, type Host, type Tool } from "./tool";

const TOOLS: Record<Name, new (host: Host) => Tool> = {
  pan: PanTool,
  point: PointTool,
  lasso: LassoTool,
  erase: EraseTool,
  exclude: ExcludeTool,
  outline: OutlineTool,
  complete: CompleteTool,
  measure: MeasureTool,
};

export function toolFor(name: Name, host: Host): Tool {
  return new TOOLS[name](host);
}
