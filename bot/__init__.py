"""Bot and chat: updates in, screens out. The only program that talks to Telegram."""
