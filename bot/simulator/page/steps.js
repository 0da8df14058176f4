// Running a step of the app's as a workflow does: its inputs, and how it ended.

import { attempt, get } from "./api.js";
import { fill, h, icon, iconButton, uid } from "./dom.js";
import { actors } from "./people.js";
import { on, state } from "./state.js";

const STATES = { running: "Running", completed: "Completed", failed: "Failed" };

const choicesOf = {
  "slack#/types/user_id": () => actors().map(({ id, real_name: name }) => [id, name]),
  "slack#/types/channel_id": () =>
    state.world.channels.filter(({ kind }) => kind !== "dm").map(({ id, name }) => [id, `#${name}`]),
  boolean: () => [
    ["true", "Yes"],
    ["false", "No"],
  ],
};

function field(name, rule) {
  const id = uid("step");
  const choices = choicesOf[rule.type]?.();
  const props = { id, class: "field", name, required: Boolean(rule.is_required) };
  const control = choices
    ? h("select", props, h("option", { value: "" }, "–"), choices.map(([value, label]) => h("option", { value }, label)))
    : h("input", { ...props, type: ["number", "integer"].includes(rule.type) ? "number" : "text", autocomplete: "off" });
  return h(
    "div",
    { class: "block-input" },
    h(
      "label",
      { class: "input-label", for: id },
      rule.title ?? name,
      !rule.is_required && h("span", { class: "input-optional" }, " (optional)"),
    ),
    control,
    rule.description && h("p", { class: "input-hint" }, rule.description),
  );
}

/** The inputs in the types that the manifest declares; empty ones are left out. */
function inputsOf(form, declared) {
  const inputs = {};
  for (const [name, text] of new FormData(form)) {
    if (text === "") continue;
    const { type } = declared[name];
    if (type === "boolean") inputs[name] = text === "true";
    else inputs[name] = type === "number" || type === "integer" ? Number(text) : text;
  }
  return inputs;
}

function outcome(step) {
  const said = step.error || Object.entries(step.outputs).map(([name, value]) => `${name}: ${value}`).join(", ");
  return h(
    "li",
    { class: `step step-${step.status}` },
    h("b", {}, STATES[step.status]),
    h("span", { class: "muted" }, Object.values(step.inputs).join(" · ")),
    said && h("span", {}, said),
  );
}

/** Open the window in which a step is started and followed. */
export function openStep(step) {
  const id = uid("step");
  const past = h("ul", { class: "steps", "aria-live": "polite" });
  const draw = async () => {
    const { steps } = await get("steps", { as: state.me });
    const own = steps.filter(({ callback_id: name }) => name === step.callback_id).reverse();
    fill(past, own.map(outcome));
  };
  const form = h(
    "form",
    {
      class: "dialog-form",
      onsubmit: async (event) => {
        event.preventDefault();
        const inputs = inputsOf(form, step.input_parameters);
        await attempt("step", { as: state.me, callback_id: step.callback_id, inputs });
        await draw();
      },
    },
    h(
      "header",
      { class: "dialog-head" },
      icon("bolt"),
      h("h2", { id, class: "dialog-title" }, step.title),
      iconButton("close", "Close", () => dialog.close()),
    ),
    h(
      "div",
      { class: "dialog-body" },
      h("p", { class: "muted" }, step.description),
      Object.entries(step.input_parameters).map(([name, rule]) => field(name, rule)),
      past,
    ),
    h(
      "footer",
      { class: "dialog-buttons" },
      h("button", { type: "submit", class: "button primary" }, "Run the step"),
    ),
  );
  const dialog = h("dialog", { class: "dialog", "aria-labelledby": id }, form);
  const stop = on("steps", draw);
  dialog.addEventListener("close", () => {
    stop();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  draw();
}
