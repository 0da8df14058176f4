// Short notices in the corner: what Slack itself would say, and failures of the page.

import { h, icon, iconButton } from "./dom.js";

const SHOWN_MS = 8000;
const REPEAT_MS = 2000;
const recent = new Map();

/** Show a notice. The same words within two seconds are shown once. */
export function toast(text, level = "info") {
  const now = performance.now();
  if (now - (recent.get(text) ?? -Infinity) < REPEAT_MS) return;
  recent.set(text, now);
  const el = h(
    "div",
    { class: `toast toast-${level}` },
    level === "warning" ? icon("warn") : icon("check"),
    h("p", {}, text),
  );
  const remove = () => el.remove();
  el.append(iconButton("close", "Dismiss", remove));
  const box = document.getElementById("toasts");
  box.append(el);
  // Showing it again lifts the box above a dialog that was opened since.
  box.hidePopover();
  box.showPopover();
  setTimeout(remove, SHOWN_MS);
}
