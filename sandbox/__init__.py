"""Trying Pregón without accounts: an emulated Telegram with a chat page, and a simulated operator."""
