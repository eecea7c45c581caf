/** Brings the page to life, in order. */
import { editQueue } from "./api/edit_queue";
import { EditStore } from "./api/edit_store";
import { picks } from "./state/picks.svelte";
import { session } from "./state/project.svelte";
import { runs } from "./state/runs.svelte";

/** Begin; returns what ends it. */
export function start(): () => void {
  let stop: (() => void) | null = null;
  let isOver = false;
  session
    .start()
    .then(() => {
      if (isOver || session.projectKey === null) return;
      editQueue.start(new EditStore(session.projectKey));
      void runs.start();
      stop = picks.start();
    })
    .catch((error: unknown) => {
      session.problem = String(error);
    });
  return () => {
    isOver = true;
    stop?.();
  };
}
