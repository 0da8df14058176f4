// Slack's confirm dialog: asked before an element tells the app anything.

import { h, uid } from "../dom.js";
import { plainText, textNodes } from "../mrkdwn.js";

/** Ask; resolves to true only when the confirming button is pressed. Without a question: true. */
export function confirmed(confirm) {
  if (!confirm) return Promise.resolve(true);
  const id = uid("confirm");
  const style = confirm.style === "danger" ? "danger" : "primary";
  const yes = h(
    "button",
    { type: "submit", value: "yes", class: `button ${style}` },
    plainText(confirm.confirm) || "Yes",
  );
  const no = h(
    "button",
    { type: "submit", value: "no", class: "button" },
    plainText(confirm.deny) || "Cancel",
  );
  const dialog = h(
    "dialog",
    { class: "dialog confirm", "aria-labelledby": id },
    h(
      "form",
      { method: "dialog" },
      h("h2", { id, class: "dialog-title" }, plainText(confirm.title) || "Are you sure?"),
      h("div", { class: "confirm-text text" }, textNodes(confirm.text)),
      h("div", { class: "dialog-buttons" }, no, yes),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  (style === "danger" ? no : yes).focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}
