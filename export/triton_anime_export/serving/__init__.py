"""What is copied into model folders and runs inside the server; nothing else imports it."""
