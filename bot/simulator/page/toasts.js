// Short notices in the corner: what Slack itself would say, and failures of the page.

import { h, icon, iconButton } from "./dom.js";

const SHOWN_MS = 8000;
const REPEAT_MS = 2000;
const ICONS = { warning: "warn", ping: "bell" };
const recent = new Map();

/** Show a notice with its buttons. The same words within two seconds are shown once. */
export function toast(text, level = "info", controls = []) {
  const now = performance.now();
  if (now - (recent.get(text) ?? -Infinity) < REPEAT_MS) return;
  recent.set(text, now);
  const el = h(
    "div",
    { class: `toast toast-${level}` },
    icon(ICONS[level] ?? "check"),
    h("p", {}, text),
    controls,
  );
  const remove = () => el.remove();
  for (const control of controls) control.addEventListener("click", remove);
  el.append(iconButton("close", "Dismiss", remove));
  const box = document.getElementById("toasts");
  box.append(el);
  // Showing it again lifts the box above a dialog that was opened since.
  box.hidePopover();
  box.showPopover();
  setTimeout(remove, SHOWN_MS);
}
