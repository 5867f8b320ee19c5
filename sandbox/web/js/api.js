// The sandbox's person's side and operator's side over HTTP, and its stream of events. No state, no DOM.

/** The sandbox refused, or could not be reached; `message` is its own sentence. */
export class SandboxError extends Error {}

async function read(response) {
  const type = response.headers.get("content-type") ?? "";
  const body = type.includes("json") ? await response.json() : { error: (await response.text()).slice(0, 200) };
  if (!response.ok || body.ok === false) throw new SandboxError(body.error || `HTTP ${response.status}`);
  return body;
}

async function call(path, options) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (cause) {
    throw new SandboxError(cause.message);
  }
  return read(response);
}

const get = (path) => call(path, { cache: "no-store" });
const post = (path, body) =>
  call(path, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });

export const api = {
  state: () => get("/sim/state"),
  chat: (chatId) => get(`/sim/chat/${chatId}?format=json`),
  message: (chat_id, user_id, text, reply_to_message_id) => post("/sim/message", { chat_id, user_id, text, reply_to_message_id }),
  edit: (chat_id, user_id, message_id, text) => post("/sim/edit", { chat_id, user_id, message_id, text }),
  sample: (chat_id, user_id, sample) => post("/sim/document", { chat_id, user_id, sample }),
  contact: (chat_id, user_id, phone_number, first_name) => post("/sim/contact", { chat_id, user_id, phone_number, first_name }),
  callback: (chat_id, user_id, message_id, data) => post("/sim/callback", { chat_id, user_id, message_id, data }),
  fault: (fault) => post("/sim/fault", fault),
  reset: () => post("/sim/reset", {}),
  handsets: (since = 0) => get(`/sim/smsc/handsets?since=${since}`),
  summary: () => get("/sim/smsc/summary"),
  script: () => get("/sim/smsc/behaviour"),
  behaviour: (rules) => post("/sim/smsc/behaviour", rules),
  incoming: (from, to, text) => post("/sim/smsc/incoming", { from, to, text }),
  link: (change) => post("/sim/smsc/link", change),
};

export const fileUrl = (fileId) => `/sim/file/${encodeURIComponent(fileId)}`;

/**
 * Upload a file as a person's document.
 * @param {(share: number) => void} onProgress  share sent, 0 to 1 (fetch cannot tell, hence XMLHttpRequest)
 */
export function upload(chatId, userId, file, caption, onProgress) {
  const form = new FormData();
  form.append("chat_id", String(chatId));
  form.append("user_id", String(userId));
  if (caption) form.append("caption", caption);
  form.append("file", file, file.name);
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/sim/document");
    request.responseType = "text";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && onProgress(event.loaded / event.total));
    request.addEventListener("error", () => reject(new SandboxError(file.name)));
    request.addEventListener("load", () => {
      let body = {};
      try {
        body = JSON.parse(request.responseText);
      } catch {
        body = { error: request.responseText.slice(0, 200) };
      }
      if (request.status < 400 && body.ok !== false) resolve(body);
      else reject(new SandboxError(body.error || `HTTP ${request.status}`));
    });
    request.send(form);
  });
}

/**
 * Listen to the sandbox. The browser reconnects by itself; after each connection `onOpen` must read everything anew,
 * because what happened in between is gone.
 */
export function listen({ onOpen, onEvent, onDown }) {
  let source = null;
  let retry = 0;
  const connect = () => {
    source = new EventSource("/sim/events");
    source.addEventListener("open", () => {
      retry = 0;
      onOpen();
    });
    source.addEventListener("message", (event) => onEvent(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      onDown();
      if (source.readyState !== EventSource.CLOSED) return;
      // A proxy's error page, or a server that is gone, closes the source for good: open a new one.
      retry = Math.min(retry + 1, 5);
      setTimeout(connect, 500 * retry);
    });
  };
  connect();
  window.addEventListener("pagehide", () => source.close());
  window.addEventListener("pageshow", (event) => event.persisted && connect());
}
