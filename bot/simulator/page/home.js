// The app's Home tab.

import { renderBlocks } from "./blocks/layout.js";
import { Surface } from "./blocks/surface.js";
import { h } from "./dom.js";
import { state } from "./state.js";

let surface = null;

function empty() {
  const { app } = state.world;
  return h(
    "div",
    { class: "home-empty" },
    h("img", { src: "/page/icons/app.svg", alt: "", class: "home-empty-mark" }),
    h("h3", {}, state.homeLoaded ? `${app.name} has not drawn its Home yet` : "Opening…"),
    h(
      "p",
      {},
      `What waits for you and what you have started appears here as soon as ${app.name} publishes it.`,
    ),
    h(
      "p",
      { class: "muted" },
      "Until then: write ",
      h("code", {}, "/"),
      " in a channel to see what it can do.",
    ),
  );
}

/** The Home tab of the acting person. */
export function homeView() {
  const view = state.home;
  if (!view) return h("div", { class: "home" }, empty());
  if (surface?.container.view_id !== view.id) surface = new Surface({ type: "view", view_id: view.id });
  surface.form.keepOnly(view.blocks);
  return h(
    "div",
    { class: "home", role: "tabpanel", "aria-label": "Home" },
    h("div", { class: "home-page" }, renderBlocks(view.blocks, surface)),
  );
}
