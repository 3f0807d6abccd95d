"""Registers a complaint, follows it and works it to its close over the API of Redress, with a client made from the document
the server describes itself with. Ends with a code that is not zero when something is not as expected."""

import os
import time

from redress_client import AuthenticatedClient
from redress_client.api.complaints import check, get_complaint, get_events, register
from redress_client.api.operations import (
    accept,
    approve,
    ask_satisfaction,
    close,
    confirm,
    propose,
    record_satisfaction,
    reply,
    set_cause,
)
from redress_client.models import (
    AcceptBody,
    ApproveBody,
    AskSatisfactionBody,
    CheckBody,
    CloseBody,
    ConfirmBody,
    Problem,
    ProposeBody,
    RecordSatisfactionBody,
    RegisterBody,
    ReplyBody,
    SetCauseBody,
)


def caller(token):
    """Somebody who calls the API with a token of their own."""
    return AuthenticatedClient(os.environ["REDRESS_URL"], token, headers={"Accept-Language": "en"})


def answered(what, answer):
    """The answer; problem details say what is wrong and the way out."""
    if answer is None or isinstance(answer, Problem):
        raise SystemExit(f"{what}: {answer}")
    return answer


def expect(holds, what):
    if not holds:
        raise SystemExit(f"not as expected: {what}")


desk = caller(os.environ["REDRESS_TOKEN"])
# Nobody approves a proposal of their own.
lead = caller(os.environ["REDRESS_LEAD_TOKEN"])
complaint = {
    "kind": "complaint",
    "accept_channel": "app",
    "category": "B204",
    "subject": "Charged for a video service nobody ordered",
    "description": "Since July there is a charge on the bill for a service I never ordered.",
    "complainant": {"name": "Li Na", "phone": "13800138000"},
    "subscription": {"number": "13800138000", "product": "mobile"},
}

# What stands against it, without registering anything.
checked = answered("check", check.sync(client=desk, body=CheckBody.from_dict(complaint)))
expect(checked.faults == [], checked.faults)

# Registered once, however often the line breaks: the key belongs to this matter.
body, key = RegisterBody.from_dict(complaint), f"example-{time.time_ns()}"
receipt = answered("register", register.sync(client=desk, body=body, idempotency_key=key))
again = answered("register again", register.sync(client=desk, body=body, idempotency_key=key))
expect(again.number == receipt.number, "the same key registers nothing more")
print(f"{receipt.number} registered, {len(receipt.clocks)} clocks run")

# Each operation names the version it saw; whoever saw an older one is told what happened since.
case, version = str(receipt.id), receipt.version
stale = accept.sync(case, client=desk, body=AcceptBody(), if_match=f'"{version + 7}"')
expect(isinstance(stale, Problem), "an unknown version is refused")
steps = [
    (desk, accept, AcceptBody()),
    (desk, propose, ProposeBody(outcome="The charge is refunded.", finding="No order was found.")),
    (lead, approve, ApproveBody()),
    (desk, reply, ReplyBody.from_dict({"mode": "phone", "content": "We refund what was charged."})),
    (desk, set_cause, SetCauseBody(cause="BIL.RATE")),
    (desk, ask_satisfaction, AskSatisfactionBody.from_dict({"mode": "sms"})),
    (desk, record_satisfaction, RecordSatisfactionBody.from_dict({"satisfied": "satisfied", "solved": True})),
    (desk, confirm, ConfirmBody.from_dict({"mode": "phone"})),
]
for who, operation, body in steps:
    done = operation.sync(case, client=who, body=body, if_match=f'"{version}"')
    version = answered(operation.__name__, done).version

# What it is waiting for stands in the case.
missing = answered("read", get_complaint.sync(case, client=desk)).missing_for_close
expect(not missing, missing)
answered("close", close.sync(case, client=desk, body=CloseBody(), if_match=f'"{version}"'))
closed = answered("read", get_complaint.sync(case, client=desk))
expect(closed.status == "closed", closed.status)
log = answered("events", get_events.sync(case, client=desk))
expect(len(log.items) == closed.version, "one entry of the log a version")
print(f"{closed.number} {closed.status} after {closed.version} entries")
