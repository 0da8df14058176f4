// Fields to type or tick: texts, numbers, dates and times, checkboxes, radio buttons.

import { toEpoch, toLocal } from "../dates.js";
import { h, uid } from "../dom.js";
import { plainText, textNodes } from "../mrkdwn.js";
import { confirmed } from "./confirm.js";

const TYPES = {
  plain_text_input: "text",
  number_input: "text",
  email_text_input: "email",
  url_text_input: "url",
};

function keyOf(block, element) {
  return { key: `${block.block_id}/${element.action_id}` };
}

/** A text field of one or more lines. */
export function textInput(element, surface, block, label) {
  const held = surface.form.init(block, element, { value: element.initial_value ?? null });
  const props = {
    class: "field",
    "aria-label": label,
    placeholder: plainText(element.placeholder),
    value: held.value ?? "",
    maxlength: element.max_length,
    autocomplete: "off",
    dataset: keyOf(block, element),
    inputmode:
      element.type === "number_input" ? (element.is_decimal_allowed ? "decimal" : "numeric") : undefined,
  };
  const control = element.multiline
    ? h("textarea", { ...props, rows: 4 })
    : h("input", { ...props, type: TYPES[element.type] });
  const triggers = element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"];
  const fields = () => ({ value: control.value === "" ? null : control.value });
  control.addEventListener("input", () => {
    if (block.dispatch_action && triggers.includes("on_character_entered"))
      surface.change(block, element, fields());
    else surface.form.set(block, element, fields());
  });
  control.addEventListener("keydown", (event) => {
    if (
      event.key !== "Enter" ||
      element.multiline ||
      !block.dispatch_action ||
      !triggers.includes("on_enter_pressed")
    )
      return;
    event.preventDefault();
    surface.send(block, element, fields());
  });
  if (element.focus_on_load) control.setAttribute("autofocus", "");
  return control;
}

/** Slack's rich text field, reduced to its text: one section a line is enough for a simulator. */
export function richTextInput(element, surface, block, label) {
  const initial = element.initial_value ?? null;
  const held = surface.form.init(block, element, { rich_text_value: initial });
  const text = (held.rich_text_value?.elements ?? [])
    .flatMap((part) => part.elements ?? [])
    .map((part) => part.text ?? "")
    .join("");
  const control = h("textarea", {
    class: "field",
    rows: 4,
    "aria-label": label,
    placeholder: plainText(element.placeholder),
    value: text,
    dataset: keyOf(block, element),
  });
  control.addEventListener("input", () => {
    const section = { type: "rich_text_section", elements: [{ type: "text", text: control.value }] };
    surface.form.set(block, element, {
      rich_text_value: control.value ? { type: "rich_text", elements: [section] } : null,
    });
  });
  return control;
}

/** Per picker: the browser's control, the field of the state, and both directions of the value. */
const PICKERS = {
  datepicker: {
    type: "date",
    field: "selected_date",
    initial: "initial_date",
    show: (value) => value,
    read: (text) => text,
  },
  timepicker: {
    type: "time",
    field: "selected_time",
    initial: "initial_time",
    show: (value) => value,
    read: (text) => text,
  },
  datetimepicker: {
    type: "datetime-local",
    field: "selected_date_time",
    initial: "initial_date_time",
    show: toLocal,
    read: toEpoch,
  },
};

/** A date, a time, or both. */
export function picker(element, surface, block, label) {
  const kind = PICKERS[element.type];
  let held = surface.form.init(block, element, { [kind.field]: element[kind.initial] ?? null })[kind.field];
  const shown = () => (held === null ? "" : kind.show(held));
  const control = h("input", {
    type: kind.type,
    class: "field picker",
    "aria-label": label || plainText(element.placeholder) || "Pick",
    value: shown(),
    dataset: keyOf(block, element),
  });
  control.addEventListener("change", async () => {
    const value = control.value ? kind.read(control.value) : null;
    if (!(await confirmed(element.confirm))) {
      control.value = shown();
      return;
    }
    held = value;
    await surface.change(block, element, { [kind.field]: value });
  });
  return control;
}

/** Checkboxes (several) or radio buttons (one). */
export function choices(element, surface, block, label) {
  const multi = element.type === "checkboxes";
  const field = multi ? "selected_options" : "selected_option";
  const initial = multi ? (element.initial_options ?? []) : (element.initial_option ?? null);
  const held = surface.form.init(block, element, { [field]: initial })[field];
  const name = uid("choice");
  const isHeld = ({ value }) =>
    multi ? held.some((option) => option.value === value) : held?.value === value;
  const rows = element.options.map((option) => {
    const control = h("input", {
      type: multi ? "checkbox" : "radio",
      name,
      checked: isHeld(option),
      value: option.value,
    });
    const row = h(
      "label",
      { class: "choice" },
      control,
      h(
        "span",
        { class: "choice-text" },
        h("span", {}, textNodes(option.text)),
        option.description && h("span", { class: "option-hint" }, textNodes(option.description)),
      ),
    );
    return { option, control, row };
  });
  const group = h(
    "div",
    { class: "choices", role: multi ? "group" : "radiogroup", "aria-label": label || undefined },
    rows.map(({ row }) => row),
  );
  group.addEventListener("change", async (event) => {
    const chosen = rows.filter(({ control }) => control.checked).map(({ option }) => option);
    if (!(await confirmed(element.confirm))) {
      if (multi) event.target.checked = !event.target.checked;
      else for (const { option, control } of rows) control.checked = isHeld(option);
      return;
    }
    await surface.change(block, element, { [field]: multi ? chosen : (chosen[0] ?? null) });
  });
  return group;
}
