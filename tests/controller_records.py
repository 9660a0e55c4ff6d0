"""What the foreign controller of the tests has stored, and under which key a plan knows a row."""

import uuid


def row_key(call, body):
    """Return the key under which a plan and the ledger know a request."""
    names = {
        "profiles/push": ("unique_id",),
        "vehicles/push": ("plate",),
        "permits/push": ("permitNo", "TicketNumber", "plate", "LicencePlate"),
        "permits/update": ("referenceID", "reference_id", "referenceid"),
        "permits/delete": ("referenceID", "reference_id", "referenceid"),
        "validate/plate": ("plate",),
    }.get(call, ())
    return next((str(body[name]) for name in names if (body or {}).get(name)), call)


class Records:
    """What the controller has stored; callers hold the lock."""

    def __init__(self):
        self.users = {}
        self.vehicles = {}
        self.permits = {}
        self.deleted = set()
        self.overdue = [{"ViolationID": 1, "Ticket": "1-1"}, {"ViolationID": 2, "Ticket": "1-2"}]

    def apply(self, call, body):
        """Carry a call out; return the answer, and whether it changed or told anything."""
        act = {
            "profiles/push": self._user,
            "vehicles/push": self._vehicle,
            "permits/push": self._permit,
            "permits/update": self._update,
            "permits/delete": self._delete,
            "permits/stats": lambda _body: {"data": []},
            "profiles/types/list": lambda _body: {
                "status": "success",
                "user_types": [
                    {"id": "1", "type_name": "Full Time Student", "ext_info": "Student"}
                ],
            },
            "violations/send_overdue_to_collections": self._send_overdue,
            "validate/plate": self._plate,
        }[call]
        answer = act(body)
        return answer, "ErrorCode" not in answer

    def _user(self, body):
        number = self.users.setdefault(body.get("unique_id"), {}).get("#") or len(self.users)
        self.users[body.get("unique_id")] = {**body, "#": number}
        return {"status": "success", "reference_id": number}

    def _vehicle(self, body):
        names = (("plate",), ("provID", "prov"), ("plateTypeID", "plateType"))
        key = tuple(next((body[n] for n in part if body.get(n)), "") for part in names)
        if key in self.vehicles:
            return error(9012)
        self.vehicles[key] = body
        return {"status": "success", "vehicle_id_id": str(len(self.vehicles))}

    def _permit(self, body):
        number = str(uuid.uuid4())
        self.permits[number] = body
        return _permit_answer(number)

    def _update(self, body):
        number = row_key("permits/update", body)
        if number in self.deleted:
            return error(9009)
        self.permits.setdefault(number, {}).update(body)
        return _permit_answer(number)

    def _delete(self, body):
        number = row_key("permits/delete", body)
        if number in self.deleted:
            return error(9009)
        self.permits.pop(number, None)
        self.deleted.add(number)
        return _permit_answer(number)

    def _send_overdue(self, _body):
        records, self.overdue = self.overdue, []
        return {"records": records}

    def _plate(self, body):
        permits = [
            {
                "expires": permit.get("endTime", "").replace("T", " "),
                "type": "standard",
                "shortName": permit.get("zone", ""),
            }
            for permit in self.permits.values()
            if permit.get("plate") == body.get("plate")
        ]
        text = "".join(f"standard: {p['shortName']}\n Expires: {p['expires']}\n" for p in permits)
        details = {"permits": permits} if permits else {}
        data = {"response": text, "plate": body.get("plate", ""), "responseJSON": details}
        return {"error": 0, "data": data, "message": ""}


def error(code):
    return {"ErrorCode": code, "ErrorMessage": f"Invented message of {code}."}


def _permit_answer(number):
    return {"status": "success", "reference_id": number, "InternalReferenceID": number}
