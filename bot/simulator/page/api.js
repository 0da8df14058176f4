// The simulator's control API, as seen by one acting person.

import { toast } from "./toasts.js";

/** A call that the simulator refused, or that did not reach it. */
class ApiError extends Error {}

async function call(path, init) {
  let response;
  try {
    response = await fetch(path, { ...init, credentials: "omit" });
  } catch {
    throw new ApiError("The simulator does not answer. Is it still running?");
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(body.error ?? `The simulator answered ${response.status}.`);
  return body;
}

/** Read something: `get("messages", {as, channel})`. */
export function get(name, query = {}) {
  return call(`/sim/${name}?${new URLSearchParams(query)}`);
}

/** Do something: `post("say", {as, channel, text})`. */
export function post(name, body) {
  return call(`/sim/${name}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Simulator": "1" },
    body: JSON.stringify(body),
  });
}

/**
 * Like `post`, but a refusal becomes a toast and the answer is then null. When the app (not the
 * simulator) failed, the simulator sends Slack's own words for it as a toast event.
 */
export async function attempt(name, body) {
  try {
    return await post(name, body);
  } catch (error) {
    toast(error.message, "warning");
    return null;
  }
}
