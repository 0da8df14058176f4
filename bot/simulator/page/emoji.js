// The shortcodes that apps of this kind use. Others stay as they were typed.

const TABLE = {
  "+1": "👍", "-1": "👎", alarm_clock: "⏰", arrow_left: "⬅️", arrow_right: "➡️", arrows_counterclockwise: "🔄",
  ballot_box_with_check: "☑️", bangbang: "‼️", bar_chart: "📊", bee: "🐝", bell: "🔔", black_circle: "⚫",
  blue_heart: "💙", book: "📖", books: "📚", bow: "🙇", brain: "🧠", bug: "🐛", bulb: "💡", bust_in_silhouette: "👤",
  busts_in_silhouette: "👥", calendar: "📆", checkered_flag: "🏁", clap: "👏", clipboard: "📋", clock1: "🕐",
  closed_lock_with_key: "🔐", computer: "💻", construction: "🚧", credit_card: "💳", date: "📅", dollar: "💵",
  double_vertical_bar: "⏸️", email: "📧", euro: "💶", exclamation: "❗", eyes: "👀", fast_forward: "⏩",
  file_folder: "📁", fire: "🔥", gear: "⚙️", grey_question: "❔", hammer: "🔨", hand: "✋", heart: "❤️",
  heavy_check_mark: "✔️", heavy_minus_sign: "➖", heavy_plus_sign: "➕", hourglass: "⌛",
  hourglass_flowing_sand: "⏳", house: "🏠", inbox_tray: "📥", information_source: "ℹ️", joy: "😂", key: "🔑",
  large_blue_circle: "🔵", large_green_circle: "🟢", large_orange_circle: "🟠", large_red_circle: "🔴",
  large_yellow_circle: "🟡", leftwards_arrow_with_hook: "↩️", link: "🔗", lock: "🔒", loudspeaker: "📢",
  mag: "🔍", mailbox: "📫", mega: "📣", memo: "📝", moneybag: "💰", muscle: "💪", mute: "🔇", new: "🆕",
  no_bell: "🔕", no_entry: "⛔", no_entry_sign: "🚫", octagonal_sign: "🛑", ok: "🆗", ok_hand: "👌",
  outbox_tray: "📤", package: "📦", page_facing_up: "📄", paperclip: "📎", party_popper: "🎉",
  pause_button: "⏸️", pencil: "📝", pencil2: "✏️", point_right: "👉", pray: "🙏", pushpin: "📌", question: "❓",
  raised_hand: "✋", raised_hands: "🙌", rain_cloud: "🌧️", receipt: "🧾", recycle: "♻️", red_circle: "🔴",
  repeat: "🔁", robot_face: "🤖", rocket: "🚀", rotating_light: "🚨", scroll: "📜", shield: "🛡️", ship: "🚢",
  slightly_smiling_face: "🙂", smile: "😄", smiley: "😃", snowflake: "❄️", sparkles: "✨", speech_balloon: "💬",
  star: "⭐", stop_button: "⏹️", stopwatch: "⏱️", tada: "🎉", test_tube: "🧪", thinking_face: "🤔",
  thumbsdown: "👎", thumbsup: "👍", ticket: "🎫", timer_clock: "⏲️", triangular_flag_on_post: "🚩",
  unlock: "🔓", warning: "⚠️", wastebasket: "🗑️", wave: "👋", white_check_mark: "✅", white_circle: "⚪",
  wrench: "🔧", writing_hand: "✍️", x: "❌", zap: "⚡", zzz: "💤",
};

/** The character of a shortcode's name, or undefined. */
export function emojiOf(name) {
  return Object.hasOwn(TABLE, name) ? TABLE[name] : undefined;
}

/** Replace the known `:shortcodes:` of a plain text. */
export function withEmoji(text) {
  return text.replace(/:([a-z0-9_+-]+):/g, (whole, name) => emojiOf(name) ?? whole);
}
