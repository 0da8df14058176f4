// What a person has entered into the blocks of one message or view, in the shape of Slack's `state.values`.

/** The entered values of one surface; they outlive a redraw. */
export class FormValues {
  constructor() {
    this.values = {};
  }

  /** Offer an element's initial state; what was already entered wins. */
  init(block, element, initial) {
    const { block_id: blockId } = block;
    const entered = this.values[blockId]?.[element.action_id];
    if (entered?.type === element.type) return entered;
    this.set(block, element, initial);
    return this.values[blockId][element.action_id];
  }

  /** Remember an element's state. */
  set(block, element, fields) {
    const states = (this.values[block.block_id] ??= {});
    states[element.action_id] = { type: element.type, ...fields };
  }

  /** Forget what blocks held that are no longer there. */
  keepOnly(blocks) {
    const known = new Set(blocks.map((block) => block.block_id));
    for (const id of Object.keys(this.values)) if (!known.has(id)) delete this.values[id];
  }
}
