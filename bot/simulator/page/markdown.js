// The standard Markdown of `markdown` blocks, as DOM nodes.

import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { link } from "./mentions.js";

const INLINE = new RegExp(
  [
    "\\\\(?<escaped>[\\\\`*_~\\[\\]()#+.!>-])",
    "(?<ticks>`+)(?<code>.+?)\\k<ticks>(?!`)",
    "!?\\[(?<label>[^\\]]*)\\]\\((?<url>[^)\\s]+)\\)",
    "\\*\\*(?<bold>(?!\\s).+?)\\*\\*",
    "__(?<strong>(?!\\s).+?)__",
    "~~(?<gone>.+?)~~",
    "\\*(?<em>(?!\\s).+?)\\*",
    "(?<![\\p{L}\\p{N}])_(?<slanted>(?!\\s).+?)_(?![\\p{L}\\p{N}])",
    "(?<bare>https?://[^\\s<>]+[^\\s<>.,;:!?)])",
  ].join("|"),
  "gu",
);

function inlineNode({ groups: g }) {
  if (g.escaped) return g.escaped;
  if (g.code) return h("code", {}, g.code);
  if (g.url) return link(g.url, g.label ? inline(g.label) : g.url);
  if (g.bare) return link(g.bare);
  if (g.gone) return h("s", {}, inline(g.gone));
  const bold = g.bold ?? g.strong;
  return bold ? h("b", {}, inline(bold)) : h("i", {}, inline(g.em ?? g.slanted));
}

function inline(text) {
  const nodes = [];
  let end = 0;
  for (const match of text.matchAll(INLINE)) {
    nodes.push(withEmoji(text.slice(end, match.index)), inlineNode(match));
    end = match.index + match[0].length;
  }
  nodes.push(withEmoji(text.slice(end)));
  return nodes.filter((node) => node !== "");
}

function cells(line) {
  return line
    .trim()
    .replace(/^\||\|$/g, "")
    .split("|")
    .map((cell) => cell.trim());
}

function table(lines) {
  const [head, , ...rows] = lines.map(cells);
  return h(
    "div",
    { class: "table-wrap" },
    h(
      "table",
      {},
      h(
        "thead",
        {},
        h(
          "tr",
          {},
          head.map((cell) => h("th", {}, inline(cell))),
        ),
      ),
      h(
        "tbody",
        {},
        rows.map((row) =>
          h(
            "tr",
            {},
            row.map((cell) => h("td", {}, inline(cell))),
          ),
        ),
      ),
    ),
  );
}

const ITEM = /^\s*(?:[-*+]|(\d+)[.)])\s+/;

function list(lines) {
  const first = ITEM.exec(lines[0])[1];
  const items = lines.map((line) =>
    h(
      "li",
      {},
      inline(line.replace(ITEM, "").replace(/^\[( |x)\] /i, (_, mark) => (mark === " " ? "☐ " : "☑ "))),
    ),
  );
  return first ? h("ol", { start: first }, items) : h("ul", {}, items);
}

/** How each kind of block begins, goes on, and is built. */
const KINDS = [
  {
    starts: (l) => /^#{1,6}\s/.test(l),
    goesOn: () => false,
    build: ([l]) =>
      h("p", { class: `md-h md-h${l.match(/^#+/)[0].length}` }, inline(l.replace(/^#+\s+/, ""))),
  },
  {
    starts: (l) => /^\s*([-*_])(\s*\1){2,}\s*$/.test(l),
    goesOn: () => false,
    build: () => h("hr", { class: "divider" }),
  },
  {
    starts: (l) => /^>/.test(l),
    goesOn: (l) => /^>/.test(l),
    build: (ls) => h("blockquote", {}, markdown(ls.map((l) => l.replace(/^> ?/, "")).join("\n"))),
  },
  {
    starts: (l, next) => l.includes("|") && /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/.test(next ?? ""),
    goesOn: (l) => l.includes("|"),
    build: table,
  },
  { starts: (l) => ITEM.test(l), goesOn: (l) => ITEM.test(l), build: list },
];

function fence(lines, start) {
  const end = lines.findIndex((line, index) => index > start && /^```/.test(line));
  return end < 0 ? lines.length : end;
}

/** The nodes of a Markdown text. */
export function markdown(text) {
  const lines = text.split("\n");
  const nodes = [];
  let paragraph = [];
  const flush = () => {
    if (paragraph.length)
      nodes.push(
        h(
          "p",
          {},
          paragraph.flatMap((line, n) => (n ? [h("br"), ...inline(line)] : inline(line))),
        ),
      );
    paragraph = [];
  };
  for (let i = 0; i < lines.length; i += 1) {
    const kind = KINDS.find(({ starts }) => starts(lines[i], lines[i + 1]));
    if (/^```/.test(lines[i])) {
      flush();
      const end = fence(lines, i);
      nodes.push(h("pre", {}, lines.slice(i + 1, end).join("\n")));
      i = end;
    } else if (kind) {
      flush();
      let end = i + 1;
      while (end < lines.length && kind.goesOn(lines[end])) end += 1;
      nodes.push(kind.build(lines.slice(i, end)));
      i = end - 1;
    } else if (lines[i].trim()) {
      paragraph.push(lines[i]);
    } else {
      flush();
    }
  }
  flush();
  return nodes;
}
