// `rich_text` blocks: what people write in Slack's own editor, and structured lists of apps.

import { slackDate } from "../dates.js";
import { h } from "../dom.js";
import { emojiOf, withEmoji } from "../emoji.js";
import { broadcast, channelMention, groupMention, link, userMention } from "../mentions.js";

const MAX_INDENT = 8;

function emojiText({ unicode, name }) {
  if (!unicode) return emojiOf(name) ?? `:${name}:`;
  return String.fromCodePoint(...unicode.split("-").map((code) => Number.parseInt(code, 16)));
}

const INLINE = {
  text: ({ text, style }) => (style?.code ? text : withEmoji(text)),
  link: ({ url, text }) => link(url, text || url),
  user: ({ user_id: id }) => userMention(id),
  usergroup: ({ usergroup_id: id }) => groupMention(id),
  channel: ({ channel_id: id }) => channelMention(id),
  broadcast: ({ range }) => broadcast(range),
  emoji: emojiText,
  date: ({ timestamp, format, fallback, url }) => {
    const node = h("time", {}, slackDate(timestamp, format, fallback ?? ""));
    return url ? link(url, node) : node;
  },
  color: ({ value }) => h("code", {}, value),
};

function styled(node, style = {}) {
  let result = node;
  if (style.code) result = h("code", {}, result);
  if (style.strike) result = h("s", {}, result);
  if (style.italic) result = h("i", {}, result);
  if (style.bold) result = h("b", {}, result);
  return result;
}

/** Text nodes with line breaks kept. */
function inline(elements) {
  return elements.map((element) => {
    const build = INLINE[element.type];
    return build ? styled(build(element), element.style) : h("span", { class: "muted" }, `[${element.type}]`);
  });
}

const PARTS = {
  rich_text_section: ({ elements }) => h("p", { class: "rich-section" }, inline(elements)),
  rich_text_preformatted: ({ elements }) => h("pre", {}, inline(elements)),
  rich_text_quote: ({ elements }) => h("blockquote", { class: "rich-section" }, inline(elements)),
  rich_text_list: ({ elements, style, indent = 0, offset = 0 }) => {
    const depth = Math.min(indent, MAX_INDENT);
    const props = {
      class: `rich-list indent-${depth}`,
      start: style === "ordered" && offset ? offset + 1 : undefined,
    };
    return h(
      style === "ordered" ? "ol" : "ul",
      props,
      elements.map((item) => h("li", {}, inline(item.elements))),
    );
  },
};

/** A `rich_text` block. */
export function richText({ elements }) {
  return h(
    "div",
    { class: "rich-text" },
    elements.map((part) => PARTS[part.type]?.(part)),
  );
}
