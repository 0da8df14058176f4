// The developer's log: every API call and every envelope, with its JSON.

import { fill, h, icon, iconButton } from "./dom.js";
import { faultSwitches } from "./faults.js";
import { copyButton, jsonNodes } from "./json.js";
import { loadLog } from "./loader.js";
import { channelLabel, findChannel } from "./people.js";
import { on, remembered, state } from "./state.js";
import { toggleLog } from "./topbar.js";

const SHOWN = 400;
const KINDS = { all: "All", api: "API calls", envelope: "Envelopes", ack: "Acks", socket: "Socket" };
const ARROWS = { api: "→", envelope: "←", ack: "→", socket: "⇄" };
let kind = "all";
let selected = null;

function clock(at) {
  const date = typeof at === "number" ? new Date(at * 1000) : new Date(at);
  return (
    date.toLocaleTimeString("en-GB", { hour12: false }) +
    `.${String(date.getMilliseconds()).padStart(3, "0")}`
  );
}

/** What an API call was about: its error, where to, the first words. */
function gist({ request, response }) {
  const channel = findChannel(request?.channel);
  const place = channel ? channelLabel(channel) : (request?.channel ?? request?.user_id);
  const words = request?.text ?? request?.view?.title?.text;
  return [response?.error, place, words].filter((part) => typeof part === "string" && part).join(" · ");
}

function rowNode(entry, onclick) {
  return h(
    "button",
    {
      type: "button",
      class: `log-row status-${entry.status}`,
      role: "row",
      "aria-selected": String(selected === entry.n),
      dataset: { n: entry.n },
      onclick,
    },
    h("span", { class: "log-time", role: "cell" }, clock(entry.at)),
    h(
      "span",
      { class: `log-kind kind-${entry.kind}`, role: "cell", title: KINDS[entry.kind] },
      `${ARROWS[entry.kind] ?? "·"} ${entry.kind}`,
    ),
    h("span", { class: "log-name", role: "cell" }, entry.name),
    h("span", { class: "log-summary", role: "cell" }, entry.summary || gist(entry)),
    h(
      "span",
      { class: "log-ms", role: "cell" },
      entry.ms === null || entry.ms === undefined ? "" : `${Math.round(entry.ms)} ms`,
    ),
    h("span", { class: "log-status", role: "cell" }, entry.status),
  );
}

function part(title, value) {
  if (value === null || value === undefined) return null;
  return h(
    "section",
    { class: "log-part" },
    h("header", {}, h("h4", {}, title), copyButton(value)),
    h("pre", { class: "json", tabindex: "0" }, jsonNodes(value)),
  );
}

function detailNode(entry, close) {
  return h(
    "div",
    { class: "log-detail", role: "region", "aria-label": `Entry ${entry.name}` },
    h(
      "header",
      { class: "log-detail-head" },
      h("b", {}, entry.name),
      h("span", { class: "muted" }, `#${entry.n}`),
      h("span", { class: "spring" }),
      iconButton("close", "Close entry", close),
    ),
    part("Request", entry.request),
    part("Response", entry.response),
  );
}

function filterBar(redraw) {
  return h(
    "div",
    { class: "segments", role: "group", "aria-label": "Show" },
    Object.entries(KINDS).map(([name, label]) =>
      h(
        "button",
        {
          type: "button",
          class: "segment",
          "aria-pressed": String(kind === name),
          onclick: () => {
            kind = name;
            redraw();
          },
        },
        label,
      ),
    ),
  );
}

/** Keep the drawer up to date. */
export function mountDrawer(drawer) {
  const bar = h("div", { class: "segments-slot" });
  const rows = h("div", { class: "log-rows", role: "table", "aria-label": "Log" });
  const detail = h("div", { class: "log-detail-slot", hidden: true });
  let isAtEnd = true;
  rows.addEventListener("scroll", () => {
    isAtEnd = rows.scrollHeight - rows.scrollTop - rows.clientHeight < 40;
  });

  const draw = () => {
    if (drawer.hidden) return;
    fill(bar, filterBar(draw));
    const entries = state.log.filter((entry) => kind === "all" || entry.kind === kind).slice(-SHOWN);
    fill(
      rows,
      entries.length
        ? entries.map((entry) => rowNode(entry, () => choose(entry.n)))
        : h("p", { class: "log-empty" }, "Nothing yet. Send a message or press a button."),
    );
    const entry = state.log.find(({ n }) => n === selected);
    detail.hidden = !entry;
    fill(detail, entry && detailNode(entry, () => choose(null)));
    if (isAtEnd) rows.scrollTop = rows.scrollHeight;
  };
  const choose = (n) => {
    const row = n ?? selected;
    selected = n === selected ? null : n;
    draw();
    rows.querySelector(`[data-n="${row}"]`)?.focus({ preventScroll: true });
  };
  const faults = faultSwitches();
  drawer.append(
    h(
      "header",
      { class: "pane-head drawer-head" },
      icon("log"),
      h("h2", { class: "pane-title" }, "Log"),
      bar,
      h("span", { class: "spring" }),
      iconButton("close", "Close log", toggleLog),
    ),
    faults,
    h("div", { class: "log-body" }, rows, detail),
  );

  const toggle = () => {
    drawer.hidden = !state.logOpen;
    isAtEnd = true;
    draw();
    loadLog();
  };
  on("log", draw);
  on("logOpen", toggle);
  state.logOpen = remembered("log", "closed") === "open";
}
