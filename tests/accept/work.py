"""Works some imported cases to their close over the API, as an integrator's programme would."""

import json
import os
import sys
import urllib.request

url, count = sys.argv[1], int(sys.argv[2])
token = os.environ["REDRESS_TOKEN"]


def call(method, path, body=None, version=None):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if version is not None:
        headers["If-Match"] = f'"{version}"'
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}/api/v1{path}", method=method, headers=headers, data=data)
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}")


def work(case):
    version = case["version"]
    steps = [
        ("classify", {"category": "A302", "reason": "sorted by the acceptance run"}),
        ("accept", {}),
        ("note", {"text": "Looked at; call back on 13800138000."}),
        ("propose", {"outcome": "Line checked, credit given."}),
        ("approve", {}),
        ("reply", {"mode": "public_notice", "content": "Published with the decision."}),
        ("set-cause", {"cause": "NET.CONG"}),
        ("close", {}),
    ]
    for verb, body in steps:
        version = call("POST", f"/complaints/{case['id']}/{verb}", body, version)["version"]
    whole = call("GET", f"/complaints/{case['number']}")
    assert whole["status"] == "closed", whole
    assert len(call("GET", f"/complaints/{case['number']}/events")["items"]) == version


done, after = 0, ""
while done < count:
    page = call("GET", f"/complaints?status=triage&limit=20{after}")
    if not page["items"]:
        break
    for case in page["items"]:
        if done < count:
            work(case)
            done += 1
    if "next" not in page:
        break
print(f"{done} cases worked to their close")
assert done == count, done
