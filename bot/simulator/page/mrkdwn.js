// Slack's mrkdwn as DOM nodes. No text of a payload is ever parsed as HTML.

import { slackDate } from "./dates.js";
import { h } from "./dom.js";
import { emojiOf, withEmoji } from "./emoji.js";
import { broadcast, channelMention, groupMention, link, unescapeText, userMention } from "./mentions.js";

const BROADCASTS = new Set(["channel", "here", "everyone"]);
const STYLES = { "*": "b", _: "i", "~": "s" };
// A mark opens after a gap and closes before one; it holds no line break and no space at its rims.
const INLINE = new RegExp(
  [
    "<(?<tag>[^<>\\n]+)>",
    "`(?<code>[^`\\n]+)`",
    "(?<=^|[^\\p{L}\\p{N}_*~])(?<mark>[*_~])(?<body>(?!\\k<mark>|\\s)(?:[^\\n<>`]|<[^<>\\n]+>|`[^`\\n]+`){1,2000}?(?<!\\s))\\k<mark>(?=$|[^\\p{L}\\p{N}])",
    ":(?<emoji>[a-z0-9_+-]+):",
    "(?<url>https?://[^\\s<>|]+[^\\s<>|.,;:!?)\\]}'\"])",
  ].join("|"),
  "gu",
);

/** What a `<…>` of the text stands for. */
function entity(source) {
  const bar = source.indexOf("|");
  const target = bar < 0 ? source : source.slice(0, bar);
  const label = bar < 0 ? "" : unescapeText(source.slice(bar + 1));
  if (target.startsWith("@")) return userMention(target.slice(1));
  if (target.startsWith("#")) return channelMention(target.slice(1), label);
  if (!target.startsWith("!")) return link(unescapeText(target), label || unescapeText(target));
  const [name, ...rest] = target.slice(1).split("^");
  if (name === "subteam") return groupMention(rest[0], label);
  if (name === "date") return dateNode(rest, label);
  if (BROADCASTS.has(name)) return broadcast(name);
  return document.createTextNode(label || `<${unescapeText(source)}>`);
}

function dateNode([seconds, pattern = "", url], fallback) {
  const shown = slackDate(seconds, unescapeText(pattern), fallback);
  const node = h("time", { title: fallback || undefined }, shown);
  return url ? link(unescapeText(url), node) : node;
}

function inlineNode({ groups }) {
  if (groups.tag !== undefined) return entity(groups.tag);
  if (groups.code !== undefined) return h("code", {}, unescapeText(groups.code));
  if (groups.mark !== undefined) return h(STYLES[groups.mark], {}, inline(groups.body));
  if (groups.url !== undefined) return link(unescapeText(groups.url));
  return emojiOf(groups.emoji) ?? `:${groups.emoji}:`;
}

/** One line's nodes. */
function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(unescapeText(text.slice(end, match.index)), inlineNode(match));
    end = match.index + match[0].length;
  }
  nodes.push(unescapeText(text.slice(end)));
  return nodes.filter((node) => node !== "");
}

function joinLines(lines) {
  return lines.flatMap((line, index) => (index ? [h("br"), ...inline(line)] : inline(line)));
}

const QUOTE = /^(?:>|&gt;) ?/;
const QUOTE_REST = /^(?:>>>|&gt;&gt;&gt;) ?/;

/** Text without code blocks: runs of lines and quotes. */
function paragraphs(text) {
  const nodes = [];
  let plain = [];
  let quoted = [];
  const flush = () => {
    if (quoted.length) nodes.push(h("blockquote", {}, joinLines(quoted)));
    if (plain.length) nodes.push(h("span", { class: "run" }, joinLines(plain)));
    plain = [];
    quoted = [];
  };
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    if (QUOTE_REST.test(line)) {
      flush();
      quoted = [line.replace(QUOTE_REST, ""), ...lines.slice(index + 1)];
      break;
    }
    const isQuote = QUOTE.test(line);
    if (isQuote ? plain.length : quoted.length) flush();
    (isQuote ? quoted : plain).push(line.replace(QUOTE, ""));
  }
  flush();
  return nodes;
}

/** The nodes of a mrkdwn text. */
export function mrkdwn(text) {
  return text.split(/```\n?([\s\S]+?)```\n?/).flatMap((part, index) => {
    if (index % 2) return [h("pre", {}, unescapeText(part.replace(/\n$/, "")))];
    return part ? paragraphs(part) : [];
  });
}

/** The nodes of a text object of Block Kit, or of a bare string. */
export function textNodes(object) {
  if (!object) return [];
  if (typeof object === "string") return [withEmoji(unescapeText(object))];
  if (object.type === "mrkdwn") return mrkdwn(object.text);
  return [plainText(object)];
}

/** A text object as one string, for names and labels. */
export function plainText(object) {
  if (!object) return "";
  const text = unescapeText(object.text ?? "");
  return object.emoji === false ? text : withEmoji(text);
}
