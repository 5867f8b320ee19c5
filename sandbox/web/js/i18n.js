// The page's own words, in Spanish and English, and how it writes times and sizes. The bot's words are not here.

const WORDS = {
  es: {
    "side.label": "Personas y chats", "side.people": "Escribir como", "side.chats": "Chats", "side.reset": "Vaciar los chats",
    "side.reset.ask": "¿Vaciar todos los chats? Los mensajes de la bandeja de pruebas se pierden; los datos del bot no.",
    "side.reset.yes": "Vaciar", "lang.switch": "Change the page to English", "lang.other": "EN",
    "role.1001": "propietario de la cuenta", "role.1002": "crea y envía campañas", "role.1003": "solo mira", "role.1004": "alguien sin invitación",
    "bot.on": "bot conectado", "bot.off": "bot sin conexión", "bot": "bot", "offline": "Sin conexión con la bandeja de pruebas. Reintentando…",
    "group.members": "{n} miembros y el bot", "unread": "{n} sin leer", "you": "Tú",
    "chat.log": "Mensajes del chat", "chat.drop": "Suelta los archivos para enviarlos", "chat.empty": "Todavía no hay mensajes aquí",
    "chat.empty.hint": "Pulsa Iniciar para hablar con el bot.", "chat.start": "Iniciar", "chat.bottom": "Ir al último mensaje",
 "chat.none": "Sin mensajes", "chat.today": "Hoy", "chat.yesterday": "Ayer",
    "action.typing": "{who} está escribiendo", "action.upload_document": "{who} envía un archivo", "action.upload_photo": "{who} envía una foto",
    "short.typing": "escribiendo…", "short.upload_document": "enviando un archivo…", "short.upload_photo": "enviando una foto…",
    "composer.label": "Mensaje", "composer.placeholder": "Escribe un mensaje", "composer.send": "Enviar", "composer.attach": "Adjuntar",
    "composer.commands": "Comandos del bot", "composer.nocommands": "El bot todavía no publicó comandos", "composer.cancel": "Cancelar",
    "attach.file": "Archivo…", "attach.contact": "Tarjeta de contacto", "attach.samples": "Archivos de muestra", "attach.sending": "Enviando {name}",
    "contact.title": "Enviar una tarjeta de contacto", "contact.phone": "Número de teléfono", "contact.name": "Nombre", "contact.send": "Enviar",
    "reply.to": "Respuesta a {who}", "edit.title": "Editar mensaje", "menu.label": "Acciones del mensaje", "menu.reply": "Responder",
    "menu.edit": "Editar", "menu.copy": "Copiar texto", "edited": "editado", "pinned": "Mensaje fijado", "pinned.go": "Ir al mensaje fijado",
    "kind.photo": "Foto", "kind.document": "Archivo", "kind.contact": "Contacto", "kind.location": "Ubicación", "kind.sticker": "Sticker",
    "kind.video": "Vídeo", "kind.audio": "Audio", "kind.voice": "Mensaje de voz", "kind.poll": "Encuesta", "kind.other": "Mensaje", "kind.album": "Álbum",
    "service.pinned": "{who} fijó un mensaje", "service.joined": "{who} se unió al grupo", "service.left": "{who} salió del grupo", "service.other": "Aviso del chat",
    "photo.zoom": "Ampliar la foto", "file.download": "Descargar {name}", "spoiler": "Texto oculto: pulsa para verlo", "quote.more": "Mostrar todo", "quote.less": "Mostrar menos",
    "toast.copied": "Copiado", "toast.copied.link": "Enlace de invitación copiado", "toast.open": "Abrirlo como…",
    "alert.ok": "Entendido", "dialog.cancel": "Cancelar", "dialog.close": "Cerrar", "open.title": "¿Quién abre este enlace?", "open.body": "Se enviará a Pregón el comando:",
    "error": "No se pudo: {reason}", "button.late": "El bot no respondió al botón", "button.unsupported": "Este botón no funciona en la bandeja de pruebas",
    "panel.label": "Teléfonos y operador", "panel.show": "Mostrar teléfonos y operador", "panel.hide": "Ocultar teléfonos y operador",
    "tab.handsets": "Teléfonos", "tab.operator": "Operador", "handset.empty": "Ningún teléfono recibió SMS todavía",
    "handset.empty.hint": "Los SMS de tus campañas aparecerán aquí, como los ve cada contacto.", "handset.search": "Buscar un número", "handset.reply": "Responder desde este teléfono",
    "handset.send": "Enviar la respuesta", "handset.sent": "Respuesta enviada a {to}", "handset.more": "Mostrar {n} más", "handset.earlier": "{n} anteriores", "handset.count": "{n} teléfonos · {m} SMS",
    "handset.count1": "1 teléfono · {m} SMS", "handset.noone": "Ningún número coincide", "stat.none": "sin confirmación", "stat.DELIVRD": "entregado", "stat.EXPIRED": "expirado", "stat.UNDELIV": "no entregado",
    "stat.REJECTD": "rechazado", "stat.DELETED": "borrado", "stat.ACCEPTD": "aceptado", "stat.ENROUTE": "en camino", "stat.UNKNOWN": "desconocido",
    "op.counters": "Lo que vio el operador", "op.received": "recibidos", "op.accepted": "aceptados", "op.refused": "rechazados", "op.throttled": "frenados",
    "op.silent": "sin respuesta", "op.receipts": "confirmaciones", "op.incoming": "respuestas", "op.duplicates": "duplicados", "op.rate": "por segundo", "op.now": "ahora",
    "op.sessions": "Sesiones SMPP", "op.nosessions": "Ninguna sesión conectada", "op.since": "desde las {time}",
    "op.behaviour": "Cómo responde", "op.normal": "Normal", "op.normal.hint": "acepta y confirma", "op.throttle": "Frenar", "op.throttle.hint": "ESME_RTHROTTLED", "op.mute": "Callar", "op.mute.hint": "no responde",
    "op.refuse": "Rechazar", "op.refuse.hint": "ESME_RINVDSTADR", "op.link": "Enlace", "op.drop": "Cortar el enlace", "op.dropped": "Enlaces cortados: {n}", "op.noconnect": "Rechazar conexiones",
    "op.table": "Normal: deciden los dos últimos dígitos", "op.any": "otros", "fate.delivered": "entregado", "fate.refused": "rechazado al enviar", "fate.undeliverable": "no entregado", "fate.expired": "expirado",
    "fate.rejected": "rechazado", "fate.accepted": "aceptado, sin confirmación", "fate.throttled": "frenado {n} veces", "fate.silent": "sin respuesta", "fate.slow": "responde en {n} s", "fate.late": "confirma en {n} s", "fate.copies": "confirma {n} veces", "op.applied": "El operador ahora responde así: {name}",
    "fault.title": "Fallos de Telegram", "fault.hint": "Para ver cómo se repone el bot.", "fault.429": "429 en la próxima llamada", "fault.outage": "Caída (próximas 10)",
    "fault.lost": "Respuesta perdida", "fault.delay": "Lento (2 s)", "fault.set": "Fallo preparado: {name}",
    "size.B": "B", "size.kB": "kB", "size.MB": "MB",
  },
  en: {
    "side.label": "People and chats", "side.people": "Write as", "side.chats": "Chats", "side.reset": "Clear the chats",
    "side.reset.ask": "Clear every chat? The sandbox's messages are lost; the bot's own data is not.",
    "side.reset.yes": "Clear", "lang.switch": "Cambiar la página a español", "lang.other": "ES",
    "role.1001": "owns the account", "role.1002": "makes and sends campaigns", "role.1003": "only looks", "role.1004": "someone without invitation",
    "bot.on": "bot connected", "bot.off": "bot not connected", "bot": "bot", "offline": "No connection to the sandbox. Trying again…",
    "group.members": "{n} members and the bot", "unread": "{n} unread", "you": "You",
    "chat.log": "Messages of the chat", "chat.drop": "Drop the files to send them", "chat.empty": "No messages here yet",
    "chat.empty.hint": "Press Start to talk to the bot.", "chat.start": "Start", "chat.bottom": "Go to the last message",
 "chat.none": "No messages", "chat.today": "Today", "chat.yesterday": "Yesterday",
    "action.typing": "{who} is typing", "action.upload_document": "{who} is sending a file", "action.upload_photo": "{who} is sending a photo",
    "short.typing": "typing…", "short.upload_document": "sending a file…", "short.upload_photo": "sending a photo…",
    "composer.label": "Message", "composer.placeholder": "Write a message", "composer.send": "Send", "composer.attach": "Attach",
    "composer.commands": "Bot commands", "composer.nocommands": "The bot has not published commands yet", "composer.cancel": "Cancel",
    "attach.file": "File…", "attach.contact": "Contact card", "attach.samples": "Sample files", "attach.sending": "Sending {name}",
    "contact.title": "Send a contact card", "contact.phone": "Phone number", "contact.name": "Name", "contact.send": "Send",
    "reply.to": "Reply to {who}", "edit.title": "Edit message", "menu.label": "Message actions", "menu.reply": "Reply",
    "menu.edit": "Edit", "menu.copy": "Copy text", "edited": "edited", "pinned": "Pinned message", "pinned.go": "Go to the pinned message",
    "kind.photo": "Photo", "kind.document": "File", "kind.contact": "Contact", "kind.location": "Location", "kind.sticker": "Sticker",
    "kind.video": "Video", "kind.audio": "Audio", "kind.voice": "Voice message", "kind.poll": "Poll", "kind.other": "Message", "kind.album": "Album",
    "service.pinned": "{who} pinned a message", "service.joined": "{who} joined the group", "service.left": "{who} left the group", "service.other": "Chat notice",
    "photo.zoom": "Enlarge the photo", "file.download": "Download {name}", "spoiler": "Hidden text: press to see it", "quote.more": "Show all", "quote.less": "Show less",
    "toast.copied": "Copied", "toast.copied.link": "Invitation link copied", "toast.open": "Open it as…",
    "alert.ok": "OK", "dialog.cancel": "Cancel", "dialog.close": "Close", "open.title": "Who opens this link?", "open.body": "This command will be sent to Pregón:",
    "error": "That failed: {reason}", "button.late": "The bot did not answer the button", "button.unsupported": "This button does nothing in the sandbox",
    "panel.label": "Handsets and operator", "panel.show": "Show handsets and operator", "panel.hide": "Hide handsets and operator",
    "tab.handsets": "Handsets", "tab.operator": "Operator", "handset.empty": "No handset has received an SMS yet",
    "handset.empty.hint": "The SMS of your campaigns will appear here, as each contact sees them.", "handset.search": "Find a number", "handset.reply": "Reply from this handset",
    "handset.send": "Send the reply", "handset.sent": "Reply sent to {to}", "handset.more": "Show {n} more", "handset.earlier": "{n} earlier", "handset.count": "{n} handsets · {m} SMS",
    "handset.count1": "1 handset · {m} SMS", "handset.noone": "No number matches", "stat.none": "no receipt", "stat.DELIVRD": "delivered", "stat.EXPIRED": "expired", "stat.UNDELIV": "undelivered",
    "stat.REJECTD": "rejected", "stat.DELETED": "deleted", "stat.ACCEPTD": "accepted", "stat.ENROUTE": "on its way", "stat.UNKNOWN": "unknown",
    "op.counters": "What the operator saw", "op.received": "received", "op.accepted": "accepted", "op.refused": "refused", "op.throttled": "throttled",
    "op.silent": "unanswered", "op.receipts": "receipts", "op.incoming": "replies", "op.duplicates": "duplicates", "op.rate": "per second", "op.now": "now",
    "op.sessions": "SMPP sessions", "op.nosessions": "No session is bound", "op.since": "since {time}",
    "op.behaviour": "How it answers", "op.normal": "Normal", "op.normal.hint": "accepts, then receipts", "op.throttle": "Throttle", "op.throttle.hint": "ESME_RTHROTTLED", "op.mute": "Silent", "op.mute.hint": "never answers",
    "op.refuse": "Refuse", "op.refuse.hint": "ESME_RINVDSTADR", "op.link": "Link", "op.drop": "Drop the link", "op.dropped": "Links dropped: {n}", "op.noconnect": "Refuse binds",
    "op.table": "Normal: the last two digits decide", "op.any": "others", "fate.delivered": "delivered", "fate.refused": "refused at submit", "fate.undeliverable": "undelivered", "fate.expired": "expired",
    "fate.rejected": "rejected", "fate.accepted": "accepted, no receipt", "fate.throttled": "throttled {n} times", "fate.silent": "no answer", "fate.slow": "answers after {n} s", "fate.late": "receipt after {n} s", "fate.copies": "{n} receipts", "op.applied": "The operator now answers like this: {name}",
    "fault.title": "Telegram faults", "fault.hint": "To see how the bot recovers.", "fault.429": "429 on the next call", "fault.outage": "Outage (next 10)",
    "fault.lost": "Lost answer", "fault.delay": "Slow (2 s)", "fault.set": "Fault armed: {name}",
    "size.B": "B", "size.kB": "kB", "size.MB": "MB",
  },
};

const KEY = "pregon.language";
let language = localStorage.getItem(KEY) in WORDS ? localStorage.getItem(KEY) : "es";
const listeners = new Set();

export const currentLanguage = () => language;
export const onLanguage = (listener) => listeners.add(listener);

export function switchLanguage() {
  language = language === "es" ? "en" : "es";
  localStorage.setItem(KEY, language);
  for (const listener of listeners) listener();
}

/** The word for `key`, with `{name}` places filled; an unknown key shows itself. */
export function t(key, values = {}) {
  const text = WORDS[language][key] ?? WORDS.es[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

export const has = (key) => key in WORDS[language];

/** Fill the words of the static part of the page. */
export function translatePage(root = document) {
  document.documentElement.lang = language;
  for (const node of root.querySelectorAll("[data-i18n]")) node.textContent = t(node.dataset.i18n);
  for (const node of root.querySelectorAll("[data-i18n-aria]")) node.setAttribute("aria-label", t(node.dataset.i18nAria));
}

/** A time as the wire gives it: Unix seconds, or ISO 8601 text. */
export function toDate(value) {
  return typeof value === "number" ? new Date(value * 1000) : new Date(value);
}

const format = (date, options) => new Intl.DateTimeFormat(language, options).format(date);

export const clock = (date) => format(date, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
export const fullTime = (date) => format(date, { dateStyle: "full", timeStyle: "medium", hourCycle: "h23" });
export const dayKey = (date) => `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
export const number = (value) => new Intl.NumberFormat(language, { useGrouping: "always" }).format(value);

export function dayName(date, now = new Date()) {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayKey(date) === dayKey(now)) return t("chat.today");
  if (dayKey(date) === dayKey(yesterday)) return t("chat.yesterday");
  const year = date.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return format(date, { weekday: "long", day: "numeric", month: "long", year });
}

export function shortTime(date, now = new Date()) {
  return dayKey(date) === dayKey(now) ? clock(date) : format(date, { day: "numeric", month: "short" });
}

export function fileSize(bytes) {
  if (bytes < 1000) return `${bytes} ${t("size.B")}`;
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"];
  return `${new Intl.NumberFormat(language, { maximumFractionDigits: 1 }).format(value)} ${t(`size.${unit}`)}`;
}

/**
 * Write a `date_time` entity for this reader.
 * Source: Bot API, date-time entity formatting: `r` alone, or any of `w`, `d|D`, `t|T`; empty keeps the text as it is.
 */
export function entityTime(unix, control, now = new Date()) {
  const date = new Date(unix * 1000);
  if (control === "r") return relative((date - now) / 1000);
  const options = { hourCycle: "h23" };
  if (control.includes("w")) options.weekday = "long";
  if (control.includes("D")) Object.assign(options, { day: "numeric", month: "long", year: "numeric" });
  else if (control.includes("d")) Object.assign(options, { day: "numeric", month: "short" }, date.getFullYear() === now.getFullYear() ? {} : { year: "numeric" });
  if (/t/i.test(control)) Object.assign(options, { hour: "2-digit", minute: "2-digit" });
  if (control.includes("T")) options.second = "2-digit";
  return format(date, options);
}

const STEPS = [["second", 60], ["minute", 60], ["hour", 24], ["day", 30], ["month", 12], ["year", Infinity]];

function relative(seconds) {
  let value = seconds;
  for (const [unit, size] of STEPS) {
    if (Math.abs(value) < size) return new Intl.RelativeTimeFormat(language, { numeric: "auto" }).format(Math.round(value), unit);
    value /= size;
  }
  return "";
}
