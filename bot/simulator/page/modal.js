// The stack of modals: the newest view on top, with inputs, errors, submit and back.

import { attempt, post } from "./api.js";
import { renderBlocks } from "./blocks/layout.js";
import { Surface } from "./blocks/surface.js";
import { fill, h, iconButton, uid } from "./dom.js";
import { loadViews } from "./loader.js";
import { plainText } from "./mrkdwn.js";
import { on, state } from "./state.js";
import { toast } from "./toasts.js";
import { problems } from "./validate.js";

const surfaces = new Map();
let shown = { id: "", key: "" };
let busy = false;

function surfaceOf(view) {
  if (!surfaces.has(view.id)) surfaces.set(view.id, new Surface({ type: "view", view_id: view.id }));
  const surface = surfaces.get(view.id);
  surface.form.keepOnly(view.blocks);
  return surface;
}

const top = () => state.modals.at(-1);

async function close(view) {
  await attempt("close", { as: state.me, view_id: view.id });
  surfaces.delete(view.id);
  await loadViews();
}

/** The cross closes the whole stack, newest first; "Cancel" and "Back" close one view. */
async function closeAll() {
  for (const view of [...state.modals].reverse()) await close(view);
}

function markBusy(dialog, isBusy) {
  busy = isBusy;
  const submit = dialog.querySelector("[type=submit]");
  submit?.toggleAttribute("disabled", isBusy);
  submit?.setAttribute("aria-busy", String(isBusy));
}

/** Keep the errors of a refused submission until the view changes or is sent again. */
function refuse(surface, view, errors) {
  surface.refused = errors && { hash: view.hash, errors };
}

function errorsOf(view) {
  const { refused } = surfaceOf(view);
  return (refused?.hash === view.hash ? refused?.errors : null) ?? view.errors ?? {};
}

async function submit(dialog, view) {
  if (busy) return;
  const surface = surfaceOf(view);
  refuse(surface, view, problems(view.blocks, surface.form.values));
  show(dialog, view);
  if (surface.refused) return;
  markBusy(dialog, true);
  try {
    const answer = await post("submit", {
      as: state.me,
      view_id: view.id,
      state: { values: surface.form.values },
    });
    if (answer.errors) refuse(surface, view, answer.errors);
  } catch (error) {
    toast(error.message, "warning");
  } finally {
    markBusy(dialog, false);
    await loadViews();
  }
}

function head(view, id) {
  const isPushed = state.modals.length > 1;
  return h(
    "header",
    { class: "dialog-head" },
    isPushed && iconButton("back", "Back", () => close(view)),
    h("img", { class: "avatar avatar-s", src: "/page/icons/app.svg", alt: "" }),
    h("h2", { id, class: "dialog-title" }, plainText(view.title)),
    iconButton("close", "Close", closeAll),
  );
}

function foot(view) {
  return h(
    "footer",
    { class: "dialog-buttons" },
    h(
      "button",
      { type: "button", class: "button", onclick: () => close(view) },
      plainText(view.close) || (view.submit ? "Cancel" : "Close"),
    ),
    view.submit &&
      h("button", { type: "submit", class: "button primary" }, h("span", {}, plainText(view.submit))),
  );
}

/** Where the caret was, so that a redraw under the typing hands loses nothing. */
function caret(dialog) {
  const el = document.activeElement;
  if (!dialog.contains(el) || !el.dataset.key) return null;
  return { key: el.dataset.key, from: el.selectionStart, to: el.selectionEnd };
}

function refocus(dialog, held) {
  const invalid = dialog.querySelector("[aria-invalid=true]");
  const same = held && dialog.querySelector(`[data-key="${CSS.escape(held.key)}"]`);
  const first = dialog.querySelector(
    "[autofocus], .dialog-body input, .dialog-body textarea, .dialog-body [role=combobox], [type=submit]",
  );
  const goal = invalid ?? same ?? first;
  goal?.focus();
  if (goal === same && same?.setSelectionRange && held.from !== null)
    same.setSelectionRange(held.from, held.to);
}

/** Draw a view into the dialog, if it differs from what is there. */
function show(dialog, view) {
  const errors = errorsOf(view);
  const key = JSON.stringify([view, errors, state.modals.length, state.me]);
  if (dialog.open && shown.key === key) return;
  const held = shown.id === view.id ? caret(dialog) : null;
  const scroll = shown.id === view.id ? (dialog.querySelector(".dialog-body")?.scrollTop ?? 0) : 0;
  const id = uid("modal");
  dialog.setAttribute("aria-labelledby", id);
  dialog.classList.toggle("pushed", state.modals.length > 1);
  fill(
    dialog,
    h(
      "form",
      {
        class: "dialog-form",
        novalidate: true,
        onsubmit: (event) => {
          event.preventDefault();
          submit(dialog, view);
        },
      },
      head(view, id),
      h("div", { class: "dialog-body" }, renderBlocks(view.blocks, surfaceOf(view), errors)),
      foot(view),
    ),
  );
  shown = { id: view.id, key };
  if (!dialog.open) dialog.showModal();
  dialog.querySelector(".dialog-body").scrollTop = scroll;
  refocus(dialog, held);
}

/** Keep the dialog in step with the stack. */
export function mountModal() {
  const dialog = h("dialog", { class: "dialog modal" });
  document.body.append(dialog);
  dialog.addEventListener("cancel", (event) => {
    if (event.target !== dialog) return;
    event.preventDefault();
    if (top()) close(top());
  });
  // A browser may close a dialog on a second Escape whatever the page says.
  dialog.addEventListener("close", () => {
    if (!dialog.open && top() && !busy) close(top());
  });
  on("modals", () => {
    const view = top();
    const known = new Set(state.modals.map(({ id }) => id));
    for (const id of surfaces.keys()) if (!known.has(id)) surfaces.delete(id);
    if (view) {
      if (!busy) show(dialog, view);
      return;
    }
    shown = { id: "", key: "" };
    if (dialog.open) dialog.close();
  });
}
