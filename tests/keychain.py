"""A keychain in a file, for processes of the tests: the backend interface of ``keyring``."""

import json
import os
from pathlib import Path

import keyring.backend
import keyring.errors


class Keyring(keyring.backend.KeyringBackend):
    """Keeps what it is told in the file that ``TEST_KEYCHAIN`` names; a folder there is a locked one."""

    priority = 9

    def __init__(self):
        super().__init__()
        self.path = Path(os.environ["TEST_KEYCHAIN"])

    def _kept(self):
        if self.path.is_dir():
            raise keyring.errors.KeyringLocked("locked")
        return json.loads(self.path.read_text()) if self.path.exists() else {}

    def get_password(self, service, username):
        return self._kept().get(f"{service}/{username}")

    def set_password(self, service, username, password):
        self.path.write_text(json.dumps(self._kept() | {f"{service}/{username}": password}))

    def delete_password(self, service, username):
        kept = self._kept()
        del kept[f"{service}/{username}"]
        self.path.write_text(json.dumps(kept))
