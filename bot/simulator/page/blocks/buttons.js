// Buttons and overflow menus.

import { h, icon } from "../dom.js";
import { safeUrl } from "../mentions.js";
import { plainText } from "../mrkdwn.js";
import { openMenu } from "../popup.js";
import { confirmed } from "./confirm.js";

/** Hold a control while the app is told; a second press meanwhile does nothing. */
async function whileBusy(control, work) {
  if (control.getAttribute("aria-busy") === "true") return;
  control.setAttribute("aria-busy", "true");
  await work();
  control.removeAttribute("aria-busy");
}

function openUrl(url) {
  const href = safeUrl(url);
  if (href) open(href, "_blank", "noopener,noreferrer");
}

/** A `button` element. */
export function button(element, surface, block) {
  const style = ["primary", "danger"].includes(element.style) ? ` ${element.style}` : "";
  const control = h(
    "button",
    {
      type: "button",
      class: `button${style}`,
      "aria-label": element.accessibility_label,
      title: element.url ? `Opens ${element.url}` : undefined,
    },
    h("span", {}, plainText(element.text)),
    element.url && icon("window"),
  );
  control.addEventListener("click", async () => {
    if (!(await confirmed(element.confirm))) return;
    if (element.url) openUrl(element.url);
    await whileBusy(control, () =>
      surface.send(block, element, { value: element.value, text: element.text }),
    );
  });
  return control;
}

/** An `overflow` menu. */
export function overflow(element, surface, block) {
  const control = h(
    "button",
    {
      type: "button",
      class: "button square",
      title: "More options",
      "aria-label": "More options",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
    },
    icon("dots"),
  );
  const choose = async (option) => {
    if (!(await confirmed(element.confirm))) return;
    if (option.url) openUrl(option.url);
    await whileBusy(control, () => surface.send(block, element, { selected_option: option }));
  };
  control.addEventListener("click", () =>
    openMenu(
      control,
      "More options",
      element.options.map((option) => ({
        label: plainText(option.text),
        hint: plainText(option.description),
        pick: () => choose(option),
      })),
      { align: "start" },
    ),
  );
  return control;
}
