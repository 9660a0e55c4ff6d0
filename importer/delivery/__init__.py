"""From checked rows to settled rows: the client, the journal and the pusher between them."""
