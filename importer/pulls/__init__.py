"""The read endpoints: what OPSCOM answers, kept, and laid out in workbooks."""
