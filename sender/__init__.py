"""Takes messages from the database to the operator and brings back what became of them. Never talks to Telegram."""
