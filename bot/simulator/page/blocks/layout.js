// Which function draws which block of Block Kit.

import { h, icon, uid } from "../dom.js";
import { markdown } from "../markdown.js";
import { plainText, textNodes } from "../mrkdwn.js";
import { element } from "./elements.js";
import { imageBlock } from "./image.js";
import { card, carousel, container, contextActions, dataTable, plan, taskCard, video } from "./newer.js";
import { richText } from "./richtext.js";

function section(block, surface) {
  const name = plainText(block.text)
    .split("\n")[0]
    .replace(/[*_~`]/g, "");
  return h(
    "div",
    { class: "block-section" },
    h(
      "div",
      { class: "section-body" },
      block.text && h("div", { class: "text" }, textNodes(block.text)),
      block.fields &&
        h(
          "div",
          { class: "fields" },
          block.fields.map((field) => h("div", { class: "text" }, textNodes(field))),
        ),
    ),
    block.accessory && h("div", { class: "accessory" }, element(block.accessory, surface, block, name)),
  );
}

function contextItem(item) {
  if (item.type === "image") return element(item);
  return h("span", { class: "text" }, textNodes(item));
}

function input(block, surface, errors) {
  const error = errors[block.block_id];
  const label = plainText(block.label);
  const control = element(block.element, surface, block, label);
  const field = control.matches("input, textarea, [role]")
    ? control
    : control.querySelector("input, textarea, [role]");
  const ids = [];
  const note = (text, classes, props) => {
    if (!text) return null;
    const id = uid("note");
    ids.push(id);
    return h("p", { id, class: classes, ...props }, text);
  };
  const problem = note(error, "input-error", { role: "alert" });
  const hint = note(plainText(block.hint), "input-hint");
  if (ids.length) field?.setAttribute("aria-describedby", ids.join(" "));
  if (error) field?.setAttribute("aria-invalid", "true");
  if (!block.optional) field?.setAttribute("aria-required", "true");
  if (field && !field.id) field.id = uid("field");
  return h(
    "div",
    { class: `block-input${error ? " has-error" : ""}`, dataset: { blockId: block.block_id } },
    h(
      "label",
      { class: "input-label", for: field?.id },
      label,
      block.optional && h("span", { class: "input-optional" }, " (optional)"),
    ),
    control,
    problem,
    hint,
  );
}

/** A cell of a `table` block: rich text, or bare text. */
function cell(content) {
  if (content.type === "rich_text") return richText(content);
  return content.text ?? String(content.value ?? "");
}

function table(block) {
  const [head = [], ...rows] = block.rows ?? [];
  const align = (index) => `align-${block.column_settings?.[index]?.align ?? "left"}`;
  const row = (tag) => (cells) =>
    h(
      "tr",
      {},
      cells.map((content, index) => h(tag, { class: align(index) }, cell(content))),
    );
  return h(
    "div",
    { class: "table-wrap" },
    h("table", {}, h("thead", {}, row("th")(head)), h("tbody", {}, rows.map(row("td")))),
  );
}

function alertBlock(block) {
  const level = ["info", "warning", "error", "success"].includes(block.level) ? block.level : "info";
  return h(
    "div",
    { class: `block-alert alert-${level}` },
    icon(level === "success" ? "check" : "warn"),
    h("div", { class: "text" }, textNodes(block.text)),
  );
}

const BUILDERS = {
  header: (block) =>
    h("div", { class: "block-header", role: "heading", "aria-level": "3" }, textNodes(block.text)),
  section,
  actions: (block, surface) =>
    h(
      "div",
      { class: "block-actions" },
      block.elements.map((item) => element(item, surface, block)),
    ),
  context: (block) => h("div", { class: "block-context" }, block.elements.map(contextItem)),
  divider: () => h("hr", { class: "divider" }),
  image: imageBlock,
  rich_text: richText,
  input,
  markdown: (block) => h("div", { class: "markdown" }, markdown(block.text ?? "")),
  table,
  data_table: (block) => dataTable(block, table),
  alert: alertBlock,
  card,
  carousel,
  container: (block, surface, errors) => container(block, surface, errors, renderBlocks),
  context_actions: contextActions,
  plan,
  task_card: taskCard,
  video,
};

/** A block that the page cannot draw: said openly, with its content at hand. */
function unsupported(block) {
  return h(
    "details",
    { class: "unsupported" },
    h("summary", {}, `A “${block.type}” block is not simulated`),
    h("pre", {}, JSON.stringify(block, null, 2)),
  );
}

/** Draw blocks on a surface; `errors` are texts by block id. */
export function renderBlocks(blocks, surface, errors = {}) {
  return h(
    "div",
    { class: "blocks" },
    blocks.map((block) => (BUILDERS[block.type] ?? unsupported)(block, surface, errors)),
  );
}
