// Things that open beside a control and close by themselves: menus and lists of options.

import { h, uid } from "./dom.js";

const GAP = 6;
const MARGIN = 8;
const REOPEN_MS = 250;
const closedAt = new WeakMap();

function place(box, anchor, align) {
  const at = anchor.getBoundingClientRect();
  const size = box.getBoundingClientRect();
  const below = at.bottom + GAP + size.height <= innerHeight - MARGIN;
  const top = below ? at.bottom + GAP : Math.max(MARGIN, at.top - GAP - size.height);
  const left = align === "end" ? at.right - size.width : at.left;
  box.style.top = `${top}px`;
  box.style.left = `${Math.max(MARGIN, Math.min(left, innerWidth - size.width - MARGIN))}px`;
}

/**
 * Open `box` beside `anchor`. A second press on the anchor closes it instead.
 * Returns a function that closes it, or null when it was just closed.
 */
function openPopup(anchor, box, { align = "start", onClose = () => {} } = {}) {
  if (performance.now() - (closedAt.get(anchor) ?? -Infinity) < REOPEN_MS) return null;
  box.classList.add("popup");
  box.popover = "auto";
  // A modal dialog makes everything outside of it inert, so the popup lives inside.
  (anchor.closest("dialog") ?? document.body).append(box);
  box.style.minWidth = `${Math.min(anchor.offsetWidth, 520)}px`;
  const close = () => box.hidePopover();
  const follow = (event) => {
    if (!box.contains(event.target)) place(box, anchor, align);
  };
  box.addEventListener("beforetoggle", (event) => {
    if (event.newState !== "closed") return;
    closedAt.set(anchor, performance.now());
    anchor.setAttribute("aria-expanded", "false");
    removeEventListener("scroll", follow, true);
    queueMicrotask(() => {
      box.remove();
      onClose();
    });
  });
  box.showPopover();
  anchor.setAttribute("aria-expanded", "true");
  place(box, anchor, align);
  addEventListener("scroll", follow, true);
  return close;
}

/** Move the focus among `items` with the arrow keys, Home and End. */
function steer(event, items) {
  const at = items.indexOf(document.activeElement);
  const goal = {
    ArrowDown: at + 1,
    ArrowUp: at < 0 ? items.length - 1 : at - 1,
    Home: 0,
    End: items.length - 1,
  }[event.key];
  if (goal === undefined || !items.length) return;
  event.preventDefault();
  items[(goal + items.length) % items.length].focus();
}

/** A menu of `{label, hint?, mark?, danger?, href?, pick}`; the focus goes into it and comes back. */
export function openMenu(anchor, label, items, options = {}) {
  const box = h("div", { class: "menu", role: "menu", "aria-label": label });
  let close = null;
  const choose = (item) => {
    close();
    // Closed by a choice and not by a press beside it: the next press opens it again.
    closedAt.delete(anchor);
    anchor.focus();
    item.pick();
  };
  const buttons = items.map((item) =>
    h(
      "button",
      {
        type: "button",
        role: "menuitem",
        tabindex: "-1",
        class: `menu-item${item.danger ? " danger" : ""}`,
        onclick: () => choose(item),
      },
      item.mark,
      h("span", { class: "menu-label" }, item.label),
      item.hint && h("span", { class: "menu-hint" }, item.hint),
    ),
  );
  box.append(...buttons);
  box.addEventListener("keydown", (event) => steer(event, buttons));
  close = openPopup(anchor, box, { align: "end", ...options });
  if (close) buttons[0]?.focus();
}

function optionNode(option, state) {
  const chosen = state.isChosen(option);
  return h(
    "button",
    {
      type: "button",
      role: "option",
      id: uid("option"),
      tabindex: "-1",
      class: "option",
      "aria-selected": String(chosen),
      onclick: () => state.pick(option),
    },
    option.mark,
    h(
      "span",
      { class: "option-text" },
      h("span", {}, option.label),
      option.hint && h("span", { class: "option-hint" }, option.hint),
    ),
  );
}

/**
 * A list to choose from.
 *
 * `load(query)` gives `[{label?, options:[{key, label, hint?, mark?}]}]`, at once or later.
 * `isChosen(option)` marks, `pick(option)` takes; with `multi` the list stays open.
 */
export function openListbox(anchor, { label, load, isChosen, pick, multi = false, searchable = false }) {
  const list = h("div", {
    class: "options",
    role: "listbox",
    "aria-label": label,
    "aria-multiselectable": multi ? "true" : undefined,
  });
  const search =
    searchable &&
    h("input", {
      type: "text",
      class: "option-search",
      placeholder: "Search…",
      "aria-label": `Search ${label}`,
      autocomplete: "off",
      spellcheck: "false",
    });
  const box = h("div", { class: "listbox" }, search, list);
  let close = null;
  let asked = 0;
  const shown = () => [...list.querySelectorAll("[role=option]")];
  const take = async (option) => {
    pick(option);
    if (!multi) {
      close();
      anchor.focus();
      return;
    }
    const at = shown().indexOf(document.activeElement);
    await draw();
    if (at >= 0) shown()[at]?.focus();
  };
  async function draw() {
    asked += 1;
    const ticket = asked;
    const groups = await load(search ? search.value.trim() : "");
    if (ticket !== asked) return;
    const nodes = groups
      .filter(({ options }) => options.length)
      .map((group) =>
        h(
          "div",
          { role: "group", "aria-label": group.label },
          group.label && h("div", { class: "option-group", "aria-hidden": "true" }, group.label),
          group.options.map((option) => optionNode(option, { isChosen, pick: take })),
        ),
      );
    list.replaceChildren(...(nodes.length ? nodes : [h("p", { class: "option-none" }, "Nothing found")]));
  }
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === search) {
      event.preventDefault();
      shown()[0]?.click();
      return;
    }
    const isCaret = event.target === search && (event.key === "Home" || event.key === "End");
    if (!isCaret) steer(event, shown());
  });
  if (search) search.addEventListener("input", draw);
  close = openPopup(anchor, box);
  if (!close) return;
  draw().then(() => {
    if (!search) (list.querySelector("[aria-selected=true]") ?? shown()[0])?.focus();
    place(box, anchor, "start");
  });
  if (search) search.focus();
}
