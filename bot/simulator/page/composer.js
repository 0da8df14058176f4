// The box to write in: messages, slash commands with completion, the menu of shortcuts.

import { attempt } from "./api.js";
import { h, icon, iconButton, uid } from "./dom.js";
import { escapeText } from "./mentions.js";
import { actors, avatar } from "./people.js";
import { openMenu } from "./popup.js";
import { openStep } from "./steps.js";
import { state } from "./state.js";
import { toast } from "./toasts.js";

const MAX_ROWS_PX = 220;

/** What was typed in Slack's own form: escaped, with known names as mentions. */
function encode(text) {
  const { users, usergroups, channels } = state.world;
  return escapeText(text).replace(/(?<![\w&;])([@#])([\w.-]*\w)/g, (whole, sign, name) => {
    if (sign === "#") {
      const channel = channels.find((item) => item.kind !== "dm" && item.name === name);
      return channel ? `<#${channel.id}|${name}>` : whole;
    }
    if (name === "channel" || name === "here") return `<!${name}>`;
    const user = users.find((item) => item.name === name);
    if (user) return `<@${user.id}>`;
    const group = usergroups.find((item) => item.handle === name);
    return group ? `<!subteam^${group.id}>` : whole;
  });
}

/** What can complete the text before the caret. */
function completions(text) {
  if (/^\/\S*$/.test(text)) {
    return state.world.commands
      .filter(({ command }) => command.startsWith(text))
      .map((item) => ({
        mark: icon("bolt"),
        label: item.command,
        usage: item.usage_hint,
        hint: item.description,
        from: 0,
        insert: `${item.command} `,
      }));
  }
  const typed = /(?:^|\s)@([\w.-]*)$/.exec(text);
  if (!typed) return [];
  const from = text.length - typed[1].length - 1;
  const people = actors().map((user) => ({
    mark: avatar(user.id, "s"),
    label: `@${user.name}`,
    hint: user.real_name,
    from,
    insert: `@${user.name} `,
  }));
  const groups = state.world.usergroups.map((group) => ({
    mark: icon("hash"),
    label: `@${group.handle}`,
    hint: group.name,
    from,
    insert: `@${group.handle} `,
  }));
  return [...people, ...groups].filter(({ label }) => label.startsWith(`@${typed[1]}`));
}

/** A composer for a channel or a thread. `target()` gives `{channel, thread?}`. */
export class Composer {
  constructor({ id, target }) {
    this.target = target;
    this.drafts = new Map();
    this.place = "";
    this.at = 0;
    this.found = [];
    this.listId = uid("complete");
    this.list = h("div", {
      class: "completions",
      role: "listbox",
      id: this.listId,
      "aria-label": "Suggestions",
      hidden: true,
    });
    this.input = h("textarea", {
      id,
      class: "composer-input",
      rows: 1,
      "aria-autocomplete": "list",
      "aria-controls": this.listId,
      spellcheck: "true",
    });
    this.hint = h("p", { class: "composer-hint", "aria-live": "polite" });
    this.shortcuts = iconButton("bolt", "Shortcuts", () => this.openShortcuts(), {
      "aria-haspopup": "menu",
      "aria-expanded": "false",
    });
    this.send = iconButton("send", "Send", () => this.submit(), { class: "send", disabled: true });
    this.node = h(
      "form",
      { class: "composer", onsubmit: (event) => event.preventDefault() },
      this.list,
      h(
        "div",
        { class: "composer-box" },
        this.input,
        h("div", { class: "composer-tools" }, this.shortcuts, this.hint, this.send),
      ),
    );
    this.input.addEventListener("input", () => this.refresh());
    this.input.addEventListener("keydown", (event) => this.key(event));
    this.input.addEventListener("blur", () => {
      this.list.hidden = true;
    });
  }

  /** Name the box after where it writes to. */
  label(text) {
    this.input.setAttribute("aria-label", text);
    this.input.placeholder = text;
  }

  /** Keep the draft of the place before, and show the one of this place. */
  enter(place) {
    if (place === this.place) return;
    this.drafts.set(this.place, this.input.value);
    this.place = place;
    this.input.value = this.drafts.get(place) ?? "";
    this.refresh();
    this.list.hidden = true;
  }

  /** Put a text into the box, ready to be sent. */
  write(text) {
    this.input.value = text;
    this.input.focus();
    this.refresh();
    this.list.hidden = true;
  }

  refresh() {
    const { value, selectionStart } = this.input;
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, MAX_ROWS_PX)}px`;
    this.send.disabled = !value.trim();
    const command = state.world.commands.find(
      (item) => value === item.command || value.startsWith(`${item.command} `),
    );
    this.hint.textContent = command
      ? `${command.command} ${command.usage_hint ?? ""}`
      : value
        ? "Shift + Enter for a new line"
        : "";
    this.found = completions(value.slice(0, selectionStart));
    this.at = 0;
    this.drawList();
  }

  drawList() {
    this.list.hidden = !this.found.length;
    this.list.replaceChildren(
      ...this.found.map((item, index) =>
        h(
          "div",
          {
            class: "completion",
            role: "option",
            id: `${this.listId}-${index}`,
            "aria-selected": String(index === this.at),
            onmousedown: (event) => {
              event.preventDefault();
              this.complete(item);
            },
          },
          item.mark,
          h("b", {}, item.label),
          item.usage && h("code", {}, item.usage),
          h("span", { class: "muted" }, item.hint),
        ),
      ),
    );
    if (this.found.length) this.input.setAttribute("aria-activedescendant", `${this.listId}-${this.at}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  complete(item) {
    const caret = this.input.selectionStart;
    this.input.setRangeText(item.insert, item.from, caret, "end");
    this.refresh();
  }

  key(event) {
    if (event.isComposing) return;
    const isOpen = !this.list.hidden;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (isOpen && step) {
      event.preventDefault();
      this.at = (this.at + step + this.found.length) % this.found.length;
      this.drawList();
    } else if (isOpen && event.key === "Escape") {
      event.stopPropagation();
      this.list.hidden = true;
    } else if (isOpen && (event.key === "Tab" || (event.key === "Enter" && !this.isComplete()))) {
      event.preventDefault();
      this.complete(this.found[this.at]);
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    }
  }

  /** Is the command or name already typed out, so that Enter should send? */
  isComplete() {
    const { insert, from } = this.found[this.at];
    return this.input.value.slice(from, this.input.selectionStart) === insert.trim();
  }

  async submit() {
    const text = this.input.value.trim();
    if (!text) return;
    const { channel, thread } = this.target();
    if (text.startsWith("/") && thread) {
      toast("Slash commands of apps do not work in threads.", "warning");
      return;
    }
    this.input.value = "";
    this.refresh();
    const answer = text.startsWith("/")
      ? await attempt("command", { as: state.me, channel, text })
      : await attempt("say", { as: state.me, channel, text: encode(text), thread_ts: thread });
    // What was not taken comes back, unless something else was typed meanwhile.
    if (!answer && !this.input.value) this.write(text);
  }

  openShortcuts() {
    const items = state.world.shortcuts
      .filter(({ type }) => type === "global")
      .map((shortcut) => ({
        label: shortcut.name,
        hint: shortcut.description,
        mark: icon("bolt"),
        pick: () => attempt("shortcut", { as: state.me, callback_id: shortcut.callback_id }),
      }));
    const commands = state.world.commands.map((item) => ({
      label: item.command,
      hint: item.description,
      mark: icon("log"),
      pick: () => this.write(`${item.command} `),
    }));
    const steps = state.world.steps.map((step) => ({
      label: `Workflow step: ${step.title}`,
      hint: step.description,
      mark: icon("bolt"),
      pick: () => openStep(step),
    }));
    openMenu(this.shortcuts, "Shortcuts", [...items, ...commands, ...steps], { align: "start" });
  }
}
