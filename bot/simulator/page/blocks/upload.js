// `file_input`: files that a person adds to a form.

import { attempt } from "../api.js";
import { fill, h, iconButton } from "../dom.js";
import { state } from "../state.js";

const MOST_FILES = 10;

/** The content of a chosen file as base64. */
function contentOf(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}

/** A field for files: each goes to the workspace at once, as in Slack's own client. */
export function fileInput(element, surface, block, label) {
  const held = surface.form.init(block, element, { files: [] });
  const most = element.max_files ?? MOST_FILES;
  const chips = h("ul", { class: "chips" });
  const keep = (files) => {
    surface.form.set(block, element, { files });
    held.files = files;
    draw();
  };
  const control = h("input", {
    type: "file",
    class: "field",
    "aria-label": label,
    multiple: most > 1,
    accept: element.filetypes?.map((kind) => `.${kind}`).join(","),
    onchange: async () => {
      for (const file of [...control.files]) {
        const content = await contentOf(file);
        const answer = await attempt("upload", { as: state.me, name: file.name, content });
        if (answer) keep([...held.files, answer.file].slice(0, most));
      }
      control.value = "";
    },
  });
  function draw() {
    fill(
      chips,
      held.files.map((file) =>
        h(
          "li",
          { class: "chip" },
          file.name,
          iconButton("close", `Remove ${file.name}`, () => keep(held.files.filter(({ id }) => id !== file.id))),
        ),
      ),
    );
  }
  draw();
  return h("div", { class: "file-input" }, control, chips);
}
