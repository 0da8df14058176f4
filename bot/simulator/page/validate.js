// What Slack's own client checks in a form before the app hears of it.

const REQUIRED = "Please complete this required field.";
const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

/** The entered value of an element's state, whatever its field is called. */
function valueOf(state) {
  const { type, ...fields } = state ?? {};
  const [value] = Object.values(fields);
  return Array.isArray(value) && !value.length ? null : (value ?? null);
}

function isUrl(text) {
  return URL.canParse(text) && /^https?:/.test(text);
}

function numberProblem(element, text) {
  const number = Number(text);
  if (!Number.isFinite(number)) return "Please enter a number.";
  if (!element.is_decimal_allowed && !Number.isInteger(number)) return "Please enter a whole number.";
  if (element.min_value !== undefined && number < Number(element.min_value))
    return `Please enter at least ${element.min_value}.`;
  if (element.max_value !== undefined && number > Number(element.max_value))
    return `Please enter at most ${element.max_value}.`;
  return null;
}

/** What is wrong with one input block, or null. */
function problem(block, state) {
  const { element } = block;
  const value = valueOf(state);
  if (value === null) return block.optional ? null : REQUIRED;
  if (element.min_length && value.length < element.min_length)
    return `Please enter at least ${element.min_length} characters.`;
  if (element.type === "number_input") return numberProblem(element, value);
  if (element.type === "email_text_input" && !EMAIL.test(value)) return "Please enter an email address.";
  if (element.type === "url_text_input" && !isUrl(value)) return "Please enter a web address.";
  return null;
}

/** Texts by block id, or null when the form may be sent. */
export function problems(blocks, values) {
  const found = blocks
    .filter(({ type }) => type === "input")
    .map((block) => [block.block_id, problem(block, values[block.block_id]?.[block.element.action_id])])
    .filter(([, text]) => text);
  return found.length ? Object.fromEntries(found) : null;
}
