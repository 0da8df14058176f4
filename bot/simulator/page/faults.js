// Switches that make the simulator behave like Slack on a bad day.

import { attempt } from "./api.js";
import { confirmed } from "./blocks/confirm.js";
import { fill, h } from "./dom.js";
import { loadWorld } from "./loader.js";
import { openMenu } from "./popup.js";
import { on, state } from "./state.js";
import { toast } from "./toasts.js";

const SLOW_MS = 2000;

/** Each switch: what the simulator is told, and how to see that it is in force. */
const FAULTS = [
  {
    label: "Rate limit next call",
    title: "The next API call gets 429 and Retry-After",
    on: { rate_limit_next: 1 },
    off: { rate_limit_next: 0 },
  },
  {
    label: "Slow network",
    title: `Everything takes ${SLOW_MS / 1000} seconds longer`,
    on: { slow_ms: SLOW_MS },
    off: { slow_ms: 0 },
  },
  {
    label: "Duplicate next delivery",
    title: "The next envelope is delivered twice",
    on: { duplicate_next: 1 },
    off: { duplicate_next: 0 },
  },
  {
    label: "Lose next answer",
    title: "The next API call takes effect, but its answer is lost",
    on: { lose_answer_next: 1 },
    off: { lose_answer_next: 0 },
  },
  {
    label: "Limit every third",
    title: "A third of all API calls gets 429 and Retry-After",
    on: { rate_limit_share: 0.33 },
    off: { rate_limit_share: 0 },
  },
  {
    label: "Lose a tenth",
    title: "A tenth of the calls that write takes effect, but the answer is lost",
    on: { lose_answer_share: 0.1 },
    off: { lose_answer_share: 0 },
  },
  {
    label: "Slack is away",
    title: "No call and no connection reaches Slack until this is off again",
    on: { is_away: true },
    off: { is_away: false },
  },
];

/** Refusals to try: a method, `*` for any, and Slack's word for it. */
const REFUSALS = [
  ["chat.postMessage", "invalid_blocks"],
  ["chat.postMessage", "not_in_channel"],
  ["chat.postMessage", "channel_not_found"],
  ["chat.postMessage", "is_archived"],
  ["chat.update", "message_not_found"],
  ["views.open", "expired_trigger_id"],
  ["conversations.open", "user_disabled"],
  ["files.getUploadURLExternal", "access_denied"],
  ["*", "token_revoked"],
  ["*", "http_503"],
];

function refusals() {
  const waiting = () => state.world?.faults?.fail_next ?? [];
  const control = h(
    "button",
    {
      type: "button",
      class: "fault",
      title: "The next call of a method is refused with an error of your choice",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      "aria-pressed": String(waiting().length > 0),
      onclick: () =>
        openMenu(control, "Refuse next call", [
          ...waiting().map(({ method, error }) => ({
            label: "Take back",
            hint: `${method}: ${error}`,
            pick: () => set({ fail_next: [] }),
          })),
          ...REFUSALS.map(([method, error]) => ({
            label: method === "*" ? "any method" : method,
            hint: error,
            pick: () => set({ fail_next: [{ method, error, count: 1 }] }),
          })),
        ], { align: "start" }),
    },
    "Refuse next call…",
  );
  return control;
}

const isOn = (fault) => Boolean(state.world?.faults?.[Object.keys(fault.on)[0]]);

async function set(change) {
  await attempt("faults", change);
  await loadWorld();
}

async function drop() {
  if (await attempt("faults", { drop_connections: true }))
    toast("Connections dropped. The app should come back by itself.");
  await loadWorld();
}

const RESET = {
  title: { text: "Reset the workspace?" },
  text: {
    text: "All messages, direct conversations and forms go away, for everybody. The app keeps its own database.",
  },
  confirm: { text: "Reset" },
  style: "danger",
};

async function reset() {
  if ((await confirmed(RESET)) && (await attempt("reset", {}))) location.reload();
}

/** The row of switches. */
export function faultSwitches() {
  const row = h("div", { class: "faults", role: "group", "aria-label": "Faults" });
  const draw = () => {
    const focused = row.contains(document.activeElement) ? document.activeElement.textContent : null;
    fill(
      row,
      h("span", { class: "faults-title" }, "Make trouble"),
      FAULTS.map((fault) =>
        h(
          "button",
          {
            type: "button",
            class: "fault",
            title: fault.title,
            "aria-pressed": String(isOn(fault)),
            onclick: () => set(isOn(fault) ? fault.off : fault.on),
          },
          fault.label,
        ),
      ),
      refusals(),
      h(
        "button",
        { type: "button", class: "fault", title: "Cuts every Socket Mode connection now", onclick: drop },
        "Drop connection",
      ),
      h("span", { class: "spring" }),
      h(
        "button",
        { type: "button", class: "fault", title: "A fresh workspace for everybody", onclick: reset },
        "Reset workspace",
      ),
    );
    if (focused)
      [...row.querySelectorAll("button")].find(({ textContent }) => textContent === focused)?.focus();
  };
  on("world", draw);
  draw();
  return row;
}
