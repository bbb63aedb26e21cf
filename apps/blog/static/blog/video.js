// Puts the player where the link was, once somebody asks for it.

function play(box) {
  const frame = document.createElement("iframe");
  frame.src = box.dataset.player;
  frame.title = box.dataset.title;
  frame.allow = "fullscreen; picture-in-picture";
  frame.allowFullscreen = true;
  frame.referrerPolicy = "strict-origin-when-cross-origin"; // without our origin YouTube refuses to play
  box.replaceChildren(frame);
  frame.focus();
}

for (const box of document.querySelectorAll("[data-player]")) {
  const button = box.querySelector("button");
  button.hidden = false;
  button.addEventListener("click", () => play(box));
}
