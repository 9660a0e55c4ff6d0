"""What the tests of the sandbox share: a client that no proxy of this machine is between."""

import pytest
import requests


@pytest.fixture
def session():
    with requests.Session() as session:
        session.trust_env = False
        yield session
