/* In the page that page_frames.py measures: moves the mouse at every frame and notes the times. */
(() => {
  let draws = 0;
  for (const name of ["drawArrays", "drawArraysInstanced", "drawElements", "drawElementsInstanced"]) {
    const draw = WebGL2RenderingContext.prototype[name];
    WebGL2RenderingContext.prototype[name] = function (...words) {
      draws++;
      return draw.apply(this, words);
    };
  }

  const moves = {
    pan: (element, place, turn) => {
      const at = { x: place.x + 80 * Math.sin(turn / 10), y: place.y + 60 * Math.sin(turn / 7) };
      pointer(element, at);
    },
    zoom: (element, place, turn) => {
      // From the whole picture to eight times as large and back.
      const deltaY = Math.floor(turn / 60) % 2 === 0 ? -17 : 17;
      const at = { clientX: place.x + 40, clientY: place.y + 30 };
      element.dispatchEvent(new WheelEvent("wheel", { deltaY, cancelable: true, ...at }));
    },
    hover: (element, place, turn) => {
      const at = { x: place.x + 150 * Math.sin(turn / 10), y: place.y + 100 * Math.sin(turn / 7) };
      pointer(element, at);
    },
  };

  function pointer(element, { x, y }) {
    const where = { clientX: x, clientY: y, pointerId: 1, pointerType: "mouse" };
    element.dispatchEvent(new PointerEvent("pointermove", { ...where, cancelable: true }));
  }

  window.playFrames = (move, duration_ms) =>
    new Promise((resolve) => {
      const element = document.querySelector("[data-testid=canvas]");
      const { left, top, width, height } = element.getBoundingClientRect();
      const place = { x: left + width / 2, y: top + height / 2 };
      const times = [];
      let turn = 0;
      const drawn = [];
      let before = draws;
      const step = (now) => {
        times.push(now);
        if (draws > before) drawn.push(now);
        before = draws;
        if (now - times[0] >= duration_ms) {
          resolve({ times, drawn });
          return;
        }
        moves[move](element, place, ++turn);
        requestAnimationFrame(step);
      };
      requestAnimationFrame(step);
    });
})();
