/** Brings the page to life, in order. */
import { queueCounts } from "./queue/counts.svelte";
import { counted } from "./shell/format";
import { toast } from "./shell/toasts.svelte";
import { picks } from "./state/picks.svelte";
import { session } from "./state/project.svelte";
import { runs } from "./state/runs.svelte";
import { saving } from "./state/saving";

/** Begin; returns what ends it. */
export function start(): () => void {
  let stops: (() => void)[] = [];
  let isOver = false;
  session
    .start()
    .then(() => {
      if (isOver || session.projectKey === null) return;
      const left = saving.start(session.projectKey);
      if (left > 0) tellOf(left);
      void runs.start();
      stops = [picks.start(), queueCounts.start()];
    })
    .catch((error: unknown) => {
      session.problem = String(error);
    });
  return () => {
    isOver = true;
    for (const stop of stops) stop();
  };
}

/** Say that an earlier page of the project left changes, which are on their way now. */
function tellOf(left: number): void {
  const [was, is] = left === 1 ? ["was", "is"] : ["were", "are"];
  toast(`${counted(left, "change")} that ${was} not saved when the page was closed ${is} saved now.`);
}
