// Times in the acting person's zone, in the words that Slack uses.

import { zone } from "./people.js";

const LOCALE = "en-US";
const DAY_MS = 86_400_000;

function format(date, options) {
  return new Intl.DateTimeFormat(LOCALE, { timeZone: zone(), ...options }).format(date);
}

/** "2026-01-31" in the viewer's zone: two instants of one day compare equal. */
function dayKey(date) {
  return new Intl.DateTimeFormat("en-CA", { timeZone: zone() }).format(date);
}

/** "today", "yesterday", "tomorrow" or undefined. */
function nearDay(date) {
  const now = Date.now();
  const names = [
    [0, "today"],
    [-DAY_MS, "yesterday"],
    [DAY_MS, "tomorrow"],
  ];
  return names.find(([shift]) => dayKey(new Date(now + shift)) === dayKey(date))?.[1];
}

function ordinal(day) {
  if (day % 100 >= 11 && day % 100 <= 13) return `${day}th`;
  return `${day}${{ 1: "st", 2: "nd", 3: "rd" }[day % 10] ?? "th"}`;
}

/** "January 31st, 2026", with the year and the weekday as asked. */
function written(date, { month = "long", weekday = false } = {}) {
  const day = ordinal(Number(format(date, { day: "numeric" })));
  const name = weekday ? `${format(date, { weekday: "long" })}, ` : "";
  return `${name}${format(date, { month })} ${day}, ${format(date, { year: "numeric" })}`;
}

function ago(date) {
  const seconds = Math.round((date.getTime() - Date.now()) / 1000);
  const steps = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const [unit, size] = steps.find(([, length]) => Math.abs(seconds) >= length) ?? ["second", 1];
  return new Intl.RelativeTimeFormat(LOCALE).format(Math.trunc(seconds / size), unit);
}

const SHORT = { month: "short", day: "numeric", year: "numeric" };
// https://docs.slack.dev/messaging/formatting-message-text/#date-formatting
const TOKENS = {
  date_num: dayKey,
  date: (date) => written(date),
  date_short: (date) => format(date, SHORT),
  date_long: (date) => written(date, { weekday: true }),
  date_pretty: (date) => nearDay(date) ?? written(date),
  date_short_pretty: (date) => nearDay(date) ?? format(date, SHORT),
  date_long_pretty: (date) => nearDay(date) ?? written(date, { weekday: true }),
  day_divider_pretty: (date) => nearDay(date) ?? written(date, { weekday: true }),
  time: (date) => format(date, { hour: "numeric", minute: "2-digit" }),
  time_secs: (date) => format(date, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago,
};

/** Fill a `<!date^…>` pattern; an unknown token or instant gives the fallback. */
export function slackDate(seconds, pattern, fallback) {
  const date = new Date(Number(seconds) * 1000);
  if (Number.isNaN(date.getTime())) return fallback;
  let known = true;
  const text = pattern.replace(/\{(\w+)\}/g, (whole, token) => {
    if (!Object.hasOwn(TOKENS, token)) known = false;
    return known ? TOKENS[token](date) : whole;
  });
  return known ? text.charAt(0).toUpperCase() + text.slice(1) : fallback;
}

/** A message's ts as a date. */
export const tsDate = (ts) => new Date(Number.parseFloat(ts) * 1000);
/** "9:41 AM". */
export const clockTime = (date) => TOKENS.time(date);
/** "Saturday, January 31st, 2026 at 9:41:00 AM". */
export const fullTime = (date) => `${TOKENS.date_long(date)} at ${TOKENS.time_secs(date)}`;
/** The heading above a day's messages. */
export function dayHeading(date) {
  const near = nearDay(date);
  return near ? near.charAt(0).toUpperCase() + near.slice(1) : written(date, { weekday: true });
}
/** Are both instants on one day of the viewer's calendar? */
export const isSameDay = (a, b) => dayKey(a) === dayKey(b);
/** "2 minutes ago". */
export const since = (date) => ago(date);

/** Unix seconds of a wall-clock time ("2026-01-31T09:41") in the viewer's zone. */
export function toEpoch(local) {
  const guess = Date.parse(`${local}:00Z`);
  const shown = Date.parse(`${toLocal(guess / 1000)}:00Z`);
  return Math.round((guess - (shown - guess)) / 1000);
}

/** The wall-clock time ("2026-01-31T09:41") of Unix seconds in the viewer's zone. */
export function toLocal(seconds) {
  const date = new Date(seconds * 1000);
  const time = new Intl.DateTimeFormat("en-GB", {
    timeZone: zone(),
    hour: "2-digit",
    minute: "2-digit",
  }).format(date);
  return `${dayKey(date)}T${time}`;
}
