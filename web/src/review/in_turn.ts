/** Doing something at most so often, and once more for what came meanwhile. */

/**
 * Return a function that calls `run` at once, then not again before `pause` ms after it ended;
 * calls in between make one more.
 */
export function inTurn(run: () => Promise<void>, pause: number): () => void {
  let isBusy = false;
  let isAsked = false;
  const again = (): void => {
    isBusy = false;
    if (isAsked) start();
  };
  const start = (): void => {
    isBusy = true;
    isAsked = false;
    void run().finally(() => setTimeout(again, pause));
  };
  return () => {
    if (isBusy) isAsked = true;
    else start();
  };
}
