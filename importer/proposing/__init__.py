"""A spreadsheet that nobody has seen becomes a proposed mapping, and questions for a person."""
