// A scrolling list of messages that only redraws what changed.

import { dayHeading, isSameDay, tsDate } from "./dates.js";
import { h, icon } from "./dom.js";
import { authorOf, messageNode } from "./message.js";
import { state } from "./state.js";

const GROUP_SECONDS = 300;
const NEAR_PX = 80;

/** Does this message continue the one before it, so that its author needs no second mention? */
function continues(message, before) {
  if (!before || message.blocks?.length || message.ephemeral || before.ephemeral) return false;
  return authorOf(message) === authorOf(before) && Number(message.ts) - Number(before.ts) < GROUP_SECONDS;
}

/** A list of messages of one channel or thread. */
export class Timeline {
  constructor({ inThread = false, label }) {
    this.inThread = inThread;
    this.drawn = new Map();
    this.list = h("div", { class: "timeline-list", role: "feed", "aria-label": label });
    this.box = h("div", { class: "timeline", tabindex: "0", role: "region", "aria-label": label }, this.list);
    this.newer = h(
      "button",
      { type: "button", class: "newer", hidden: true, onclick: () => this.toEnd() },
      icon("down"),
      "New messages",
    );
    this.node = h("div", { class: "timeline-frame" }, this.box, this.newer);
    this.box.addEventListener("scroll", () => {
      if (this.isAtEnd()) this.newer.hidden = true;
    });
    // A card that grows (an image, a select) must not push the end out of sight.
    const resized = new ResizeObserver(() => {
      if (this.sticky) this.toEnd();
    });
    resized.observe(this.list);
    resized.observe(this.box);
    this.box.addEventListener("scroll", () => {
      this.sticky = this.isAtEnd();
    });
    this.sticky = true;
    this.box.addEventListener("keydown", (event) => this.step(event));
  }

  /** The keys j and k go from message to message, wherever the focus is but in a field. */
  step(event) {
    const way = { j: 1, k: -1 }[event.key];
    const isTyping = event.target.matches("input, textarea, select, [contenteditable]");
    if (!way || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    const articles = [...this.list.querySelectorAll("article")];
    const at = articles.indexOf(event.target.closest("article"));
    const goal = at < 0 ? (way > 0 ? 0 : articles.length - 1) : at + way;
    event.preventDefault();
    articles[Math.min(Math.max(goal, 0), articles.length - 1)]?.focus();
  }

  isAtEnd() {
    return this.box.scrollHeight - this.box.scrollTop - this.box.clientHeight < NEAR_PX;
  }

  /** Scroll to the newest message. */
  toEnd() {
    this.box.scrollTop = this.box.scrollHeight;
    this.newer.hidden = true;
  }

  /** Take the node of before where nothing about it changed, so that focus and entered values stay. */
  reuse(message, compact, channel) {
    const key = JSON.stringify([message, compact, channel, state.me]);
    const held = this.drawn.get(message.ts);
    if (held?.key === key) return held;
    const node = messageNode(message, { channel, compact, inThread: this.inThread });
    if (held) node.classList.add("changed");
    return { key, node };
  }

  /** Show these messages; `intro` stands above them. */
  show(messages, { channel, intro = null }) {
    const grew = messages.length > this.drawn.size && this.drawn.size > 0;
    const next = new Map();
    const nodes = intro ? [intro] : [];
    let before = null;
    for (const message of messages) {
      const date = tsDate(message.ts);
      const isNewDay = !before || !isSameDay(tsDate(before.ts), date);
      if (isNewDay && !this.inThread) nodes.push(h("div", { class: "day" }, h("span", {}, dayHeading(date))));
      const drawn = this.reuse(message, !isNewDay && continues(message, before), channel);
      next.set(message.ts, drawn);
      nodes.push(drawn.node);
      before = message;
    }
    const wasSticky = this.sticky;
    this.drawn = next;
    sync(this.list, nodes);
    if (wasSticky) this.toEnd();
    else if (grew) this.newer.hidden = false;
  }

  /** Forget everything: another channel follows. */
  clear() {
    this.drawn = new Map();
    this.list.replaceChildren();
    this.sticky = true;
  }
}

/** Make `parent` hold exactly `nodes`, moving as little as possible (a moved node loses its focus). */
function sync(parent, nodes) {
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) if (!wanted.has(child)) child.remove();
  let at = parent.firstChild;
  for (const node of nodes) {
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
  }
}
