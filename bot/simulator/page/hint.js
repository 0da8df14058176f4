// The strip that tells a newcomer what to try first. It goes away when asked to, and stays away.

import { composer } from "./channel.js";
import { fill, h, icon, iconButton } from "./dom.js";
import { findUser } from "./people.js";
import { go, readHash } from "./router.js";
import { on, remember, remembered, state } from "./state.js";

const COMMAND = '/signoff run publish-article topic="Bees in winter"';
const APPROVE = /^approve/i;

const approvals = () => state.world.channels.find(({ name }) => name === "approvals");
const requester = () => findUser("U0ALICE");
const approver = () => findUser("U0BOB");

/** Does a message of the open channel wait for somebody to press Approve? */
function isAsked() {
  return state.messages.some(({ blocks }) =>
    blocks?.some((block) => block.elements?.some((item) => APPROVE.test(item.text?.text ?? ""))),
  );
}

/** Does a message of the open channel say that somebody approved? */
const isAnswered = () => state.messages.some(({ text }) => /\bapproved by\b/i.test(text ?? ""));

/** Which step is next: 0 type, 1 become Bob, 2 press, 3 none. */
function nextStep() {
  if (state.place !== approvals()?.id) return 0;
  if (!isAsked()) return isAnswered() ? 3 : 0;
  return state.me === approver().id ? 2 : 1;
}

function fillIn() {
  go(approvals().id, { user: requester().id });
  // Not on the next turn, as the browser would announce it: the box must be Alice's before it is filled.
  readHash();
  composer.write(COMMAND);
}

function step(number, current, ...content) {
  const classes = number < current ? "done" : number === current ? "now" : "";
  return h(
    "li",
    { class: `hint-step ${classes}`, "aria-current": number === current ? "step" : undefined },
    h(
      "span",
      { class: "hint-number", "aria-hidden": "true" },
      number < current ? icon("check") : String(number + 1),
    ),
    h("span", {}, ...content),
  );
}

function draw(strip) {
  strip.hidden = !approvals() || !requester() || !approver();
  if (strip.hidden) return;
  const current = nextStep();
  fill(
    strip,
    h("b", { class: "hint-title" }, "Try it"),
    h(
      "ol",
      { class: "hint-steps" },
      step(
        0,
        current,
        "As Alice, send ",
        h("code", {}, COMMAND),
        " ",
        current === 0 &&
          h("button", { type: "button", class: "link-button", onclick: fillIn }, "Type it for me"),
      ),
      step(
        1,
        current,
        "Switch to ",
        h(
          "button",
          {
            type: "button",
            class: "link-button",
            onclick: () => go(approvals().id, { user: approver().id }),
          },
          "Bob",
        ),
      ),
      step(2, current, "Press ", h("b", {}, "Approve")),
      current === 3 &&
        h("li", { class: "hint-step now" }, "Next: reject one, or add ", h("code", {}, "deadline=30s")),
    ),
    iconButton("close", "Hide these hints", () => {
      remember("hint", "hidden");
      strip.remove();
    }),
  );
}

/** Put the strip above the channel on a first visit. */
export function mountHint(main) {
  if (remembered("hint", "shown") === "hidden") return;
  const strip = h("section", { class: "hint", "aria-label": "What to try" });
  main.prepend(strip);
  for (const topic of ["world", "messages", "place", "person"]) on(topic, () => draw(strip));
}
