"""What Pregón is about, whoever asks: rules, tables, use cases. Knows neither Telegram nor SMPP."""
