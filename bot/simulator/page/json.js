// A window that shows one piece of JSON, coloured and ready to copy.

import { h, iconButton, uid } from "./dom.js";
import { toast } from "./toasts.js";

const TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** JSON as nodes: keys, texts, numbers and words in their own colours. */
export function jsonNodes(value) {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(TOKEN)) {
    nodes.push(text.slice(end, match.index));
    const kind = match[1] ? (match[2] ? "key" : "string") : match[3] ? "word" : "number";
    nodes.push(h("span", { class: `json-${kind}` }, match[1] ?? match[0]), match[2] ?? "");
    end = match.index + match[0].length;
  }
  nodes.push(text.slice(end));
  return nodes.filter((node) => node !== "");
}

/** A copy button for some JSON. */
export function copyButton(value) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(JSON.stringify(value, null, 2));
      toast("Copied");
    } catch {
      toast("The browser did not allow copying.", "warning");
    }
  };
  return h("button", { type: "button", class: "button small", onclick: copy }, "Copy");
}

/** Open a window with some JSON. */
export function showJson(title, value) {
  const id = uid("json");
  const dialog = h("dialog", { class: "dialog wide", "aria-labelledby": id });
  dialog.append(
    h(
      "header",
      { class: "dialog-head" },
      h("h2", { id, class: "dialog-title" }, title),
      copyButton(value),
      iconButton("close", "Close", () => dialog.close()),
    ),
    h("pre", { class: "json", tabindex: "0" }, jsonNodes(value)),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
