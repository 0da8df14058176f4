// The side panel with one thread.

import { Composer } from "./composer.js";
import { h, iconButton } from "./dom.js";
import { loadThread } from "./loader.js";
import { channelLabel, findChannel } from "./people.js";
import { go } from "./router.js";
import { on, state } from "./state.js";
import { Timeline } from "./timeline.js";

/** Keep the side panel up to date. */
export function mountThread(panel) {
  const timeline = new Timeline({ inThread: true, label: "Replies" });
  const composer = new Composer({
    id: "thread-input",
    target: () => ({ channel: state.place, thread: state.threadTs }),
  });
  const where = h("span", { class: "muted" });
  const close = () => go(state.place);
  panel.append(
    h(
      "header",
      { class: "pane-head" },
      h("h2", { class: "pane-title" }, "Thread"),
      where,
      h("span", { class: "spring" }),
      iconButton("close", "Close thread", close),
    ),
    h("div", { class: "pane-body" }, timeline.node, composer.node),
  );
  composer.label("Reply in thread");
  let held = "";
  const draw = () => {
    const isOpen = Boolean(state.threadTs) && state.place !== "home";
    const key = [state.me, state.place, state.threadTs].join();
    panel.hidden = !isOpen;
    document.body.classList.toggle("thread-open", isOpen);
    if (!isOpen || key === held) return;
    held = key;
    timeline.clear();
    const channel = findChannel(state.place);
    where.textContent = channelLabel(channel);
    composer.node.hidden = Boolean(channel?.is_read_only);
    loadThread();
    composer.enter(key);
    composer.input.focus();
  };
  for (const topic of ["place", "person", "threadTs"]) on(topic, draw);
  on("thread", () => timeline.show(state.thread, { channel: state.place }));
  panel.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) close();
  });
}
