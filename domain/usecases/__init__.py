"""What people and programs ask for: one file a noun. With the store the only writers of the database."""
