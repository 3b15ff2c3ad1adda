// A click on the sound or on a sentence plays from there; a line shows where the recording is.
(() => {
  const audio = document.querySelector("audio");
  const wave = document.querySelector(".wave");
  if (!audio || !wave) return;
  const seconds = Number(wave.dataset.seconds);
  const drawing = wave.querySelector("svg");
  const head = drawing.querySelector(".head");
  const play = (at) => { audio.currentTime = at; audio.play(); };
  const show = () => {
    const x = audio.currentTime / seconds * drawing.viewBox.baseVal.width;
    head.setAttribute("x1", x);
    head.setAttribute("x2", x);
    head.style.visibility = "visible";
    if (!audio.paused) requestAnimationFrame(show);
  };
  audio.addEventListener("play", show);
  audio.addEventListener("seeked", show);
  drawing.addEventListener("click", (event) => {
    const place = drawing.getBoundingClientRect();
    play((event.clientX - place.left) / place.width * seconds);
  });
  for (const said of document.querySelectorAll("[data-at]")) {
    said.style.cursor = "pointer";
    said.addEventListener("click", () => play(Number(said.dataset.at)));
  }
})();
