// Files in messages: what they are, and the way to their content.

import { h, icon } from "./dom.js";
import { safeUrl } from "./mentions.js";

const UNITS = ["bytes", "KB", "MB"];

/** "2.3 KB". */
function sizeOf(bytes) {
  let size = bytes;
  let unit = 0;
  while (size >= 1000 && unit < UNITS.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit ? size.toFixed(1) : size} ${size === 1 && !unit ? "byte" : UNITS[unit]}`;
}

/** A file of a message; one that was deleted says so. */
export function fileCard(file) {
  if (file.mode === "tombstone")
    return h("div", { class: "file muted" }, icon("file"), "This file was deleted.");
  const url = safeUrl(new URL(file.url_private_download ?? file.permalink ?? "", location.href));
  const kind = [file.filetype?.toUpperCase(), file.size !== undefined && sizeOf(file.size)]
    .filter(Boolean)
    .join(" · ");
  return h(
    "div",
    { class: "file" },
    h("span", { class: "file-mark" }, icon("file")),
    h(
      "span",
      { class: "file-text" },
      h("b", {}, file.title || file.name),
      h("span", { class: "option-hint" }, kind),
    ),
    url &&
      h(
        "a",
        {
          class: "icon-button",
          href: url,
          download: file.name,
          title: "Download",
          "aria-label": `Download ${file.title || file.name}`,
        },
        icon("download"),
      ),
  );
}
