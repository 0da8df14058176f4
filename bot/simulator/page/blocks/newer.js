// Blocks of 2025 and later: cards, containers, tasks, tables of data, buttons under an answer.

import { h, icon } from "../dom.js";
import { link } from "../mentions.js";
import { plainText, textNodes } from "../mrkdwn.js";
import { element } from "./elements.js";
import { imageElement } from "./image.js";
import { richText } from "./richtext.js";

const DEFAULT_PAGE = 5;
const TASKS = { pending: "Waiting", in_progress: "Working", complete: "Done", error: "Failed" };

/** A `card`: a picture, two titles, a few words, some buttons. */
export function card(block, surface) {
  return h(
    "div",
    { class: "block-card" },
    block.hero_image && h("div", { class: "card-hero" }, imageElement(block.hero_image)),
    h(
      "div",
      { class: "card-head" },
      block.icon && imageElement(block.icon),
      h(
        "div",
        {},
        block.title && h("b", { class: "text" }, textNodes(block.title)),
        block.subtitle && h("div", { class: "text muted" }, textNodes(block.subtitle)),
      ),
    ),
    block.body && h("div", { class: "text" }, textNodes(block.body)),
    block.actions &&
      h(
        "div",
        { class: "block-actions" },
        block.actions.map((item) => element(item, surface, block)),
      ),
  );
}

/** A `carousel` of cards, to be scrolled sideways. */
export function carousel(block, surface) {
  return h(
    "div",
    { class: "block-carousel", role: "group", tabindex: "0", "aria-label": "Cards" },
    block.elements.map((item) => card(item, surface)),
  );
}

/** A `container`: blocks under a title, to be folded if it allows that. */
export function container(block, surface, errors, renderBlocks) {
  const title = [
    block.icon && imageElement(block.icon),
    block.rich_text_title ? richText(block.rich_text_title) : h("b", {}, plainText(block.title)),
    block.subtitle && h("span", { class: "muted" }, textNodes(block.subtitle)),
  ];
  const inside = renderBlocks(block.child_blocks, surface, errors);
  if (!block.is_collapsible)
    return h("div", { class: "block-container" }, h("div", { class: "container-title" }, title), inside);
  return h(
    "details",
    { class: "block-container", open: !block.default_collapsed },
    h("summary", { class: "container-title" }, title),
    inside,
  );
}

/** A `task_card`: one thing that the app does, and how far it is. */
export function taskCard(block) {
  return h(
    "div",
    { class: `block-task task-${block.status}` },
    h("div", { class: "container-title" }, h("b", {}, block.title), h("span", { class: "badge" }, TASKS[block.status])),
    block.details && richText(block.details),
    block.output && richText(block.output),
    block.sources && h("p", {}, block.sources.map((source) => [link(source.url, source.text), " "])),
  );
}

/** A `plan`: a title and its tasks. */
export function plan(block) {
  return h("div", { class: "block-container" }, h("b", {}, block.title), (block.tasks ?? []).map(taskCard));
}

/** `context_actions`: thumbs, and small buttons that show only an icon. */
export function contextActions(block, surface) {
  return h(
    "div",
    { class: "block-context" },
    block.elements.map((item) =>
      item.type === "feedback_buttons" ? feedback(item, surface, block) : small(item, surface, block),
    ),
  );
}

function feedback(item, surface, block) {
  const thumb = ({ text, value }, mark) =>
    h(
      "button",
      {
        type: "button",
        class: "button small",
        onclick: () => surface.send(block, item, { value }),
      },
      `${mark} ${plainText(text)}`,
    );
  return h(
    "span",
    { class: "feedback", role: "group", "aria-label": "Feedback" },
    thumb(item.positive_button, "👍"),
    thumb(item.negative_button, "👎"),
  );
}

function small(item, surface, block) {
  const words = plainText(item.text);
  return h(
    "button",
    {
      type: "button",
      class: "icon-button",
      title: words,
      "aria-label": item.accessibility_label ?? words,
      onclick: () => surface.send(block, item, { value: item.value }),
    },
    icon(item.icon === "trash" ? "close" : "dots"),
  );
}

/** A `data_table`: a caption, and its rows a page at a time. */
export function dataTable(block, table) {
  const [head, ...rows] = block.rows;
  const size = block.page_size ?? DEFAULT_PAGE;
  const pages = Math.max(1, Math.ceil(rows.length / size));
  let page = 0;
  const slot = h("div", {});
  const note = h("span", { class: "muted" });
  const turn = (step, label) =>
    h("button", { type: "button", class: "button small", onclick: () => show(page + step) }, label);
  const back = turn(-1, "Previous");
  const next = turn(1, "Next");
  function show(wanted) {
    page = Math.min(Math.max(wanted, 0), pages - 1);
    slot.replaceChildren(table({ ...block, rows: [head, ...rows.slice(page * size, (page + 1) * size)] }));
    note.textContent = `${page + 1} of ${pages}`;
    back.disabled = page === 0;
    next.disabled = page === pages - 1;
  }
  show(0);
  return h(
    "div",
    { class: "block-data" },
    h("p", { class: "muted" }, block.caption),
    slot,
    pages > 1 && h("div", { class: "block-actions" }, back, note, next),
  );
}

/** A `video`: its title and a link; nothing is loaded from outside. */
export function video(block) {
  return h(
    "div",
    { class: "image-frame" },
    icon("image"),
    h("span", {}, plainText(block.title)),
    link(block.title_url ?? block.video_url, "Watch"),
  );
}
