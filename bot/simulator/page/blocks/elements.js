// Which function draws which element of Block Kit.

import { h } from "../dom.js";
import { safeUrl } from "../mentions.js";
import { button, overflow } from "./buttons.js";
import { imageElement } from "./image.js";
import { choices, picker, richTextInput, textInput } from "./inputs.js";
import { select } from "./selects.js";
import { fileInput } from "./upload.js";

const BUILDERS = {
  button,
  overflow,
  image: (element) => imageElement(element),
  workflow_button: (element, surface, block) =>
    button({ ...element, url: safeUrl(element.url) }, surface, block),
  plain_text_input: textInput,
  number_input: textInput,
  email_text_input: textInput,
  url_text_input: textInput,
  rich_text_input: richTextInput,
  datepicker: picker,
  timepicker: picker,
  datetimepicker: picker,
  checkboxes: choices,
  radio_buttons: choices,
  file_input: fileInput,
};
for (const source of ["static", "external", "users", "conversations", "channels"]) {
  BUILDERS[`${source}_select`] = select;
  BUILDERS[`multi_${source}_select`] = select;
}

/** Draw an element; `label` is its accessible name where it has none of its own. */
export function element(spec, surface, block, label = "") {
  const build = BUILDERS[spec.type];
  if (!build) return h("span", { class: "unsupported" }, `${spec.type} is not simulated`);
  return build(spec, surface, block, label);
}
