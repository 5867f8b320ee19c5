// What the page knows: people, chats, messages, who has read what. No DOM, no network.

const READ_KEY = "pregon.read";

/** One chat: its messages by id and their ids in order. */
class Chat {
  constructor(id) {
    this.id = id;
    this.messages = new Map();
    this.order = [];
    this.action = null;
  }

  put(message, { revise = true } = {}) {
    const id = message.message_id;
    const known = this.messages.get(id);
    const previous = known ? known.revision : 0;
    message.sim ??= known?.sim ?? { outgoing: Boolean(message.from?.is_bot), reactions: [], pinned: false };
    message.revision = revise ? previous + 1 : previous;
    this.messages.set(id, message);
    if (!known) this.insert(id);
  }

  insert(id) {
    const order = this.order;
    let at = order.length;
    while (at > 0 && order[at - 1] > id) at -= 1;
    order.splice(at, 0, id);
  }

  remove(id) {
    if (this.messages.delete(id)) this.order.splice(this.order.indexOf(id), 1);
  }

  /** Take the server's word for the whole chat; messages that did not change keep their revision, so they are not redrawn. */
  reload(messages) {
    const ids = new Set(messages.map((message) => message.message_id));
    for (const id of [...this.order]) if (!ids.has(id)) this.remove(id);
    for (const message of messages) {
      const known = this.messages.get(message.message_id);
      if (known && sameMessage(known, message)) continue;
      this.put(message);
    }
  }

  get last() {
    return this.messages.get(this.order.at(-1));
  }

  get pinned() {
    for (let at = this.order.length - 1; at >= 0; at -= 1) {
      const message = this.messages.get(this.order[at]);
      if (message.sim.pinned) return message;
    }
    return null;
  }
}

function sameMessage(known, fresh) {
  const { revision, ...rest } = known;
  return JSON.stringify(rest) === JSON.stringify({ ...fresh, sim: fresh.sim ?? known.sim });
}

class Store {
  bot = null;
  people = [];
  groups = [];
  samples = [];
  polling = false;
  chats = new Map();
  personId = null;
  chatId = null;
  read = loadRead();

  takeState(state) {
    this.bot = state.bot;
    this.people = state.people;
    this.groups = state.groups;
    this.samples = state.samples;
    this.polling = state.polling;
  }

  chat(id) {
    if (!this.chats.has(id)) this.chats.set(id, new Chat(id));
    return this.chats.get(id);
  }

  get current() {
    return this.chat(this.chatId);
  }

  get person() {
    return this.people.find((person) => person.id === this.personId);
  }

  /** The chats that a person sees: the private one with the bot, then the groups. */
  chatsOf(person) {
    const groups = this.groups.filter((group) => group.members.includes(person.id)).map((group) => group.id);
    return [person.chat_id, ...groups];
  }

  allChats() {
    return [...this.people.map((person) => person.chat_id), ...this.groups.map((group) => group.id)];
  }

  group(chatId) {
    return this.groups.find((group) => group.id === chatId) ?? null;
  }

  /** Keep the selection legal: a known person, and a chat that this person is in. */
  select(personId, chatId) {
    const person = this.people.find((one) => one.id === personId) ?? this.people[0];
    const chats = this.chatsOf(person);
    this.personId = person.id;
    this.chatId = chats.includes(chatId) ? chatId : chats[0];
  }

  isOwn(message, personId = this.personId) {
    return !message.sim.outgoing && message.from?.id === personId;
  }

  unread(personId, chatId) {
    const chat = this.chats.get(chatId);
    if (!chat) return 0;
    const mark = this.read[`${personId}:${chatId}`] ?? 0;
    let count = 0;
    for (let at = chat.order.length - 1; at >= 0 && chat.order[at] > mark; at -= 1) {
      if (!this.isOwn(chat.messages.get(chat.order[at]), personId)) count += 1;
    }
    return count;
  }

  unreadOf(person) {
    return this.chatsOf(person).reduce((sum, chatId) => sum + this.unread(person.id, chatId), 0);
  }

  markRead(personId = this.personId, chatId = this.chatId) {
    const newest = this.chats.get(chatId)?.order.at(-1) ?? 0;
    const key = `${personId}:${chatId}`;
    if (this.read[key] === newest) return false;
    this.read[key] = newest;
    this.saveRead();
    return true;
  }

  /** Marks above the newest message belong to an earlier sandbox at this address. */
  dropStaleMarks() {
    for (const key of Object.keys(this.read)) {
      const chat = this.chats.get(Number(key.split(":")[1]));
      if (chat && this.read[key] > (chat.order.at(-1) ?? 0)) delete this.read[key];
    }
    this.saveRead();
  }

  saveRead() {
    localStorage.setItem(READ_KEY, JSON.stringify(this.read));
  }

  /** The bot's commands in a person's language, else the default ones. */
  commandsFor(person) {
    const table = this.bot?.commands ?? {};
    return table[person?.language_code] ?? table[""] ?? [];
  }

  nameOf(message) {
    if (message.sim.outgoing || message.from?.is_bot) return this.bot?.first_name ?? "Bot";
    return [message.from?.first_name, message.from?.last_name].filter(Boolean).join(" ");
  }
}

function loadRead() {
  try {
    return JSON.parse(localStorage.getItem(READ_KEY)) ?? {};
  } catch {
    return {};
  }
}

export const store = new Store();
