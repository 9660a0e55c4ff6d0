"""The vendor's sample requests, and a plain caller of the sandbox."""

from contextlib import contextmanager

import requests
from controller import records_of

from importer.sandbox.server import Sandbox

CLIENT = "OC_TOMA"
TOKEN = "YOUR-API-TOKEN"

SAMPLES = {
    "users": {
        "unique_id": "tester23", "login_source": "OPSCOM", "first_name": "firstname",
        "last_name": "lastname", "user_name": "username", "email": "test@test.com",
        "street": "123 Main Street, 123 Main Street,123 Main Street,123 Main Street,123 Main Street,123 Main Street",
        "city": "Everywhere", "province": "bc", "state": "NY", "postal_code": "HOHOHO",
        "zip": "12345-1212", "street2": "123 General Street", "city2": "Somewhere",
        "province2": "AB", "state2": "MA", "postal_code2": "A9A9A9", "zip2": "54321-1212",
        "phone_cell": "613-555-1212", "user_type_id": "6", "employ_no": "employee number: default",
        "employee_phone": "emp ph. klondike 555", "student_no": "SN 543209854",
        "student_phone": "999", "driver_licence_num": "QC 99999999", "driver_license_num": "NYNY",
        "date_of_birth": "1901-01-31", "locker_user_type_id": "3", "driver_licence_prov": "BC",
        "driver_license_state": "CA",
    },
    "vehicles": {
        "plate": "PL8RDR", "plateType": "Motorcycle", "prov": "MA", "make": "8", "type": "3",
        "colour": "red", "year": "2011", "vin": "8GKS1AKC7FR518845",
    },
    "permits": {
        "Amount": "14.50", "CurrencyID": "CAD", "LicencePlate": "PL8RDR", "zone": "Lot 4",
        "permitNo": "L4-1138", "startTime": "2018-07-02T09:00:00", "endTime": "2018-07-02T09:30:00",
    },
    "permit-updates": {
        "referenceID": "PREVIOUS-REFERENCE-ID", "plate": "PL8RDR", "Amount": "14.50",
        "currency": "CAD", "endTime": "2018-07-02T09:30:00",
    },
    "permit-deletes": {"referenceID": "PREVIOUS-REFERENCE-ID"},
}  # fmt: skip
"""The sample requests of the vendor's pages, without the token."""
USER, VEHICLE, PERMIT = (SAMPLES[name] for name in ("users", "vehicles", "permits"))
UPDATE = {name: text for name, text in SAMPLES["permit-updates"].items() if name != "referenceID"}
# The least that each page takes.
LEAST = {
    "profiles/push": {"unique_id": "1", "login_source": "OPSCOM"},
    "vehicles/push": {"plate": "A", "plateType": "Car", "prov": "ON"},
    "permits/push": {
        "plate": "A",
        "startTime": "2026-09-01T00:00:00",
        "endTime": "2026-09-02T00:00:00",
    },
    "permits/update": {"referenceID": "none"},
    "permits/delete": {"referenceID": "none"},
}
CALLS = [
    *LEAST,
    "permits/stats",
    "profiles/types/list",
    "violations/send_overdue_to_collections",
]


class Client:
    """A plain caller of one sandbox."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.session = requests.Session()
        self.session.trust_env = False

    def post(self, call, body=None, *, client=CLIENT, token=TOKEN, **more):
        return self.session.post(
            f"{self.sandbox.url}/api/{client}/v1/{call}",
            json={"apiToken": token, **(body or {})},
            timeout=100,
            **more,
        )

    def tell(self, call, body=None, **more):
        return self.post(call, body, **more).json()

    def code(self, call, body=None, **more):
        return self.tell(call, body, **more).get("ErrorCode")

    def records(self, kind):
        return records_of(self.sandbox, kind)

    def plate(self, plate="A", **more):
        body = {"api_token": TOKEN, "client": CLIENT, "plate": plate, **more}
        return self.session.post(
            f"{self.sandbox.url}/api/v1/validate/plate", json=body, timeout=100
        )


@contextmanager
def calling(sandbox=None):
    """Start a sandbox and give a caller of it; both end with the block."""
    with sandbox or Sandbox(None) as running:
        client = Client(running)
        with client.session:
            yield client
