// A message, a modal or the Home tab as the place of interactive blocks.

import { attempt, post } from "../api.js";
import { state } from "../state.js";
import { toast } from "../toasts.js";
import { FormValues } from "./values.js";

/** One surface: its container as the simulator names it, and what was entered on it. */
export class Surface {
  constructor(container, values = new FormValues()) {
    this.container = container;
    this.form = values;
  }

  /** Tell the app that an element was used. */
  async send(block, element, fields) {
    return attempt("action", {
      as: state.me,
      container: this.container,
      block_id: block.block_id,
      action_id: element.action_id,
      element: { type: element.type, ...fields },
      state: { values: this.form.values },
    });
  }

  /** Remember a new value; an input tells the app only if its block asks for that. */
  async change(block, element, fields) {
    this.form.set(block, element, fields);
    if (block.type !== "input" || block.dispatch_action) await this.send(block, element, fields);
  }

  /** Ask the app for the options of an external select. */
  async suggest(block, element, value) {
    try {
      return await post("suggest", {
        as: state.me,
        container: this.container,
        block_id: block.block_id,
        action_id: element.action_id,
        value,
      });
    } catch (error) {
      toast(error.message, "warning");
      return { options: [] };
    }
  }
}
