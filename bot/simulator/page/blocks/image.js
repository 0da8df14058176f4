// Images. Nothing is fetched from outside this machine, so most images are shown as a framed description.

import { h, icon } from "../dom.js";
import { link, safeUrl } from "../mentions.js";
import { plainText } from "../mrkdwn.js";

function isLocal(url) {
  const href = safeUrl(new URL(url, location.href));
  return href !== null && new URL(href).origin === location.origin;
}

function addressOf({ image_url: url, slack_file: file }) {
  return url ?? file?.url ?? "";
}

/** A small image, as in a context block or beside a section. */
export function imageElement(element) {
  const url = addressOf(element);
  const alt = element.alt_text ?? "";
  if (url && isLocal(url)) return h("img", { class: "image-small", src: url, alt });
  return h(
    "span",
    { class: "image-small image-missing", role: "img", "aria-label": alt, title: alt },
    icon("image"),
  );
}

/** An `image` block. */
export function imageBlock(block) {
  const url = addressOf(block);
  const alt = block.alt_text ?? "";
  const title = plainText(block.title);
  const picture =
    url && isLocal(url)
      ? h("img", { class: "image-large", src: url, alt })
      : h(
          "span",
          { class: "image-frame", role: "img", "aria-label": alt },
          icon("image"),
          h("span", {}, alt),
          url && link(url, "Open outside"),
        );
  return h("figure", { class: "block-image" }, title && h("figcaption", {}, title), picture);
}
