"""The vendor's client for Python. Prints a line of JSON for each case; run.ts says by the environment where Sendoff is."""

import base64
import json
import os
import re
import time
import traceback
import urllib.request
from datetime import datetime, timedelta, timezone

os.environ["RESEND_API_URL"] = os.environ["SENDOFF_URL"]

import resend  # noqa: E402
from resend.exceptions import ResendError  # noqa: E402

HOOK_URL = os.environ["SENDOFF_HOOK_URL"]
KEY = resend.api_key = os.environ["SENDOFF_API_KEY"]
BAD_TO = (
    "Invalid `to` field. The email address needs to follow the `email@example.com` or "
    "`Name <email@example.com>` format."
)
BAD_TAG = "Tags should only contain ASCII letters, numbers, underscores, or dashes."
ALL_BYTES = bytes(range(256))


def case(name):
    """Runs the function as this case, at once."""

    def run(function):
        try:
            function()
            print(json.dumps({"case": name, "ok": True}), flush=True)
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            told = f"{type(error).__name__}: {error} ({where.name}:{where.lineno} {where.line})"
            print(json.dumps({"case": name, "ok": False, "error": told}), flush=True)

    return run


def same(actual, wanted):
    assert actual == wanted, f"{actual!r} is not {wanted!r}"


def email(subject, **more):
    return {"from": "Shop <shop@example.com>", "to": ["success+python@simulator.amazonses.com"], "subject": subject, "text": "Hello", **more}


def send(subject, **more):
    return resend.Emails.send(email(subject, **more))["id"]


def in_hours(hours):
    return (datetime.now(timezone.utc) + timedelta(hours=hours)).isoformat()


def last_event(email_id, wanted):
    for _ in range(80):
        last = resend.Emails.get(email_id)["last_event"]
        if last == wanted:
            return
        time.sleep(0.25)
    raise AssertionError(f"last_event is {last}, not {wanted}")


def fails(error_type, code, call, message=""):
    try:
        call()
    except ResendError as error:
        same((error.error_type, int(error.code)), (error_type, code))
        assert error.message.startswith(message), error.message
        return error
    raise AssertionError("it did not fail")


@case("send")
def _():
    global sent
    sent = send("send", html="<p>Grüße</p>", text="Grüße")
    assert re.fullmatch("[0-9a-f-]{36}", sent), sent


@case("send to a single address")
def _():
    send("send to a single address", to="success+single@simulator.amazonses.com")


@case("cc, bcc, reply_to")
def _():
    send("cc, bcc, reply_to", cc=["cc@example.com"], bcc="bcc@example.com", reply_to="answers@example.com")


@case("tags")
def _():
    send("tags", tags=[{"name": "campaign", "value": "welcome"}])


@case("headers")
def _():
    send("headers", headers={"X-Order": "42"})


@case("no headers")
def _():
    send("no headers", headers={})


@case("html alone")
def _():
    resend.Emails.send({"from": "shop@example.com", "to": "success@simulator.amazonses.com", "subject": "html alone", "html": "<p>Hello</p>"})


@case("attachment of bytes")
def _():
    send("attachment of bytes", attachments=[{"filename": "bytes.bin", "content": list(ALL_BYTES)}])


@case("attachment of base64")
def _():
    content = base64.b64encode(ALL_BYTES).decode()
    send("attachment of base64", attachments=[{"filename": "base64.bin", "content": content}])


@case("attachment by path")
def _():
    send("attachment by path", attachments=[{"filename": "note.txt", "path": os.environ["SENDOFF_FILE_URL"]}])


@case("attachment with a type")
def _():
    file = {"filename": "typed.bin", "content": list(ALL_BYTES), "content_type": "application/x-test"}
    send("attachment with a type", attachments=[file])


def inline(subject, field):
    logo = {"filename": "logo.png", "content": list(ALL_BYTES), "content_type": "image/png", field: "logo"}
    send(subject, html='<img src="cid:logo">', attachments=[logo])


@case("inline attachment")
def _():
    inline("inline attachment", "content_id")


@case("inline attachment by the older name")
def _():
    inline("inline attachment by the older name", "inline_content_id")


@case("delivered")
def _():
    last_event(sent, "delivered")


@case("get")
def _():
    got = resend.Emails.get(sent)
    same((got["object"], got["subject"]), ("email", "send"))
    same((got["html"], got["scheduled_at"]), ("<p>Grüße</p>", None))
    assert isinstance(got["message_id"], str)


@case("batch")
def _():
    same(len(resend.Batch.send([email("batch"), email("batch", to="success+2@simulator.amazonses.com")])["data"]), 2)


@case("batch refused whole")
def _():
    fails("validation_error", 422, lambda: resend.Batch.send([email("never"), email("never", to="nobody")]))


@case("batch in part")
def _():
    emails = [email("batch in part"), email("batch in part", to="nobody")]
    answer = resend.Batch.send(emails, {"batch_validation": "permissive"})
    same((len(answer["data"]), answer["errors"][0]["index"]), (1, 1))


@case("list")
def _():
    listed = resend.Emails.list()
    same(listed["object"], "list")
    assert any(one["id"] == sent for one in listed["data"])


@case("list in pages")
def _():
    first = resend.Emails.list({"limit": 2})
    same((len(first["data"]), first["has_more"]), (2, True))
    after = resend.Emails.list({"limit": 2, "after": first["data"][1]["id"]})
    assert not {one["id"] for one in first["data"]} & {one["id"] for one in after["data"]}


@case("schedule")
def _():
    global scheduled
    scheduled = send("schedule", scheduled_at=in_hours(1))
    same(resend.Emails.get(scheduled)["last_event"], "scheduled")


@case("schedule in English")
def _():
    resend.Emails.cancel(send("schedule in English", scheduled_at="in 1 hour"))


@case("reschedule")
def _():
    wanted = in_hours(2)
    same(resend.Emails.update({"id": scheduled, "scheduled_at": wanted})["id"], scheduled)
    at = resend.Emails.get(scheduled)["scheduled_at"].replace("Z", "+00:00")
    assert abs(datetime.fromisoformat(at) - datetime.fromisoformat(wanted)) <= timedelta(seconds=1), at


@case("cancel")
def _():
    same(resend.Emails.cancel(scheduled)["id"], scheduled)
    same(resend.Emails.get(scheduled)["last_event"], "canceled")


@case("key create")
def _():
    global key
    key = resend.ApiKeys.create({"name": "clients", "permission": "sending_access"})
    try:
        resend.api_key = key["token"]
        send("with another key")
    finally:
        resend.api_key = KEY
    assert key["token"].startswith("re_")


@case("key list")
def _():
    found = next(one for one in resend.ApiKeys.list()["data"] if one["id"] == key["id"])
    same((found["name"], "last_used_at" in found), ("clients", True))


@case("key update")
def _():
    resend.ApiKeys.update({"id": key["id"], "name": "renamed"})


@case("key delete")
def _():
    resend.ApiKeys.remove(key["id"])


@case("webhook create")
def _():
    global hook
    hook = resend.Webhooks.create({"endpoint": HOOK_URL, "events": ["email.delivered"]})
    assert hook["signing_secret"].startswith("whsec_")


@case("webhook verify")
def _():
    with urllib.request.urlopen(f"{HOOK_URL}/{send('for a webhook')}") as response:
        arrived = json.load(response)
    payload = arrived.pop("payload")
    options = {"payload": payload, "headers": arrived, "webhook_secret": hook["signing_secret"]}
    same(resend.Webhooks.verify(options)["type"], "email.delivered")
    try:
        resend.Webhooks.verify({**options, "payload": payload + " "})
    except ValueError:
        return
    raise AssertionError("another payload was verified too")


@case("webhook get")
def _():
    same(resend.Webhooks.get(hook["id"])["status"], "enabled")


@case("webhook list")
def _():
    same(resend.Webhooks.list()["data"][0]["id"], hook["id"])


@case("webhook update")
def _():
    resend.Webhooks.update({"webhook_id": hook["id"], "events": ["email.bounced"], "status": "disabled"})
    got = resend.Webhooks.get(hook["id"])
    same((got["events"], got["status"]), (["email.bounced"], "disabled"))


@case("webhook update of nothing")
def _():
    resend.Webhooks.update({"webhook_id": hook["id"]})


@case("webhook delete")
def _():
    same(resend.Webhooks.remove(hook["id"])["deleted"], True)


ADDRESS = "nobody@example.com"


@case("suppression add")
def _():
    resend.Suppressions.add({"email": ADDRESS})


@case("suppression get")
def _():
    same(resend.Suppressions.get(ADDRESS)["origin"], "manual")


@case("suppression list")
def _():
    same(resend.Suppressions.list()["data"][0]["email"], ADDRESS)


@case("suppression remove")
def _():
    resend.Suppressions.remove(ADDRESS)


EMAILS = ["one@example.com", "two@example.com"]


@case("suppression batch add")
def _():
    same(len(resend.Suppressions.Batch.add({"emails": EMAILS})["data"]), 2)


@case("suppression batch remove")
def _():
    same(len(resend.Suppressions.Batch.remove({"emails": EMAILS})["data"]), 2)


@case("attachments list and get")
def _():
    subject = "attachments list and get"
    email_id = send(subject, attachments=[{"filename": "bytes.bin", "content": list(ALL_BYTES)}])
    file = resend.Emails.Attachments.list(email_id)["data"][0]
    same(file["filename"], "bytes.bin")
    same(resend.Emails.Attachments.get(email_id, file["id"])["size"], 256)


@case("domain list and get")
def _():
    found = next(one for one in resend.Domains.list()["data"] if one["name"] == "example.com")
    same(resend.Domains.get(found["id"])["name"], "example.com")


@case("idempotency key")
def _():
    options = {"idempotency_key": "clients-once"}
    first = resend.Emails.send(email("idempotency key"), options)
    same(resend.Emails.send(email("idempotency key"), options)["id"], first["id"])
    fails("invalid_idempotent_request", 409, lambda: resend.Emails.send(email("another"), options))


@case("error: bad to")
def _():
    error = fails("validation_error", 422, lambda: send("error: bad to", to="nobody"), BAD_TO)
    same(type(error).__name__, "ValidationError")


@case("error: bad tag")
def _():
    fails("validation_error", 422, lambda: send("never", tags=[{"name": "a b", "value": "c"}]), BAD_TAG)


@case("error: unknown id")
def _():
    fails("not_found", 404, lambda: resend.Emails.get("00000000-0000-4000-8000-000000000000"))


@case("error: bad key")
def _():
    try:
        resend.api_key = "re_wrong"
        error = fails("invalid_api_key", 403, lambda: send("never"))
    finally:
        resend.api_key = KEY
    same(type(error).__name__, "InvalidApiKeyError")


@case("simulator: bounced")
def _():
    last_event(send("simulator: bounced", to="bounced@resend.dev"), "bounced")
    last_event(send("simulator: bounced again", to="bounced@resend.dev"), "bounced")


@case("simulator: complained")
def _():
    last_event(send("simulator: complained", to="complained@resend.dev"), "complained")


@case("simulator: suppressed")
def _():
    last_event(send("simulator: suppressed", to="suppressed@resend.dev"), "suppressed")


READER = "success+reader@simulator.amazonses.com"
made = {}


@case("segments, topics, properties")
def _():
    made["segment"] = resend.Segments.create({"name": "Readers"})["id"]
    same(resend.Segments.get(made["segment"])["name"], "Readers")
    made["topic"] = resend.Topics.create({"name": "News", "default_subscription": "opt_out"})["id"]
    same(resend.Topics.get(made["topic"])["default_subscription"], "opt_out")
    resend.ContactProperties.create({"key": "plan", "type": "string", "fallback_value": "free"})
    same([one["key"] for one in resend.ContactProperties.list()["data"]], ["plan"])


@case("contacts")
def _():
    segments = [{"id": made["segment"]}]
    contact = {"email": READER, "first_name": "Ada", "properties": {"plan": "large"}, "segments": segments}
    made["contact"] = resend.Contacts.create(contact)["id"]
    resend.Contacts.update({"email": READER, "last_name": "Lovelace"})
    same(resend.Contacts.get(email=READER)["last_name"], "Lovelace")
    same([one["id"] for one in resend.Contacts.list(segment_id=made["segment"])["data"]], [made["contact"]])
    same([one["id"] for one in resend.Contacts.Segments.list({"email": READER})["data"]], [made["segment"]])
    topics = [{"id": made["topic"], "subscription": "opt_in"}]
    resend.Contacts.Topics.update({"email": READER, "topics": topics})
    same([one["subscription"] for one in resend.Contacts.Topics.list(email=READER)["data"]], ["opt_in"])


@case("contact import")
def _():
    file = b"email,first_name\nsuccess+imported@simulator.amazonses.com,Bob\n"
    imported = resend.Contacts.Imports.create({"file": file, "segments": [{"id": made["segment"]}]})["id"]
    for _ in range(80):
        got = resend.Contacts.Imports.get(imported)
        if got["status"] == "completed":
            break
        time.sleep(0.25)
    same((got["status"], got["counts"]["created"]), ("completed", 1))


@case("broadcast: to a segment")
def _():
    text = "Hello {{{FIRST_NAME}}}, your plan: {{{plan}}}. {{{RESEND_UNSUBSCRIBE_URL}}}"
    content = {"from": "Shop <shop@example.com>", "subject": "broadcast: to a segment", "text": text}
    broadcast = resend.Broadcasts.create({**content, "segment_id": made["segment"]})["id"]
    resend.Broadcasts.update({"broadcast_id": broadcast, "name": "May"})
    resend.Broadcasts.send({"broadcast_id": broadcast})
    for _ in range(80):
        got = resend.Broadcasts.get(broadcast)
        if got["status"] == "sent":
            break
        time.sleep(0.25)
    same((got["status"], got["name"]), ("sent", "May"))
    recipients = resend.Broadcasts.recipients(broadcast, {"type": "sent"})["data"]
    same(len(recipients), 2)
    same(resend.Broadcasts.get(resend.Broadcasts.duplicate(broadcast)["id"])["status"], "draft")


@case("broadcast: scheduled and canceled")
def _():
    content = {"from": "Shop <shop@example.com>", "subject": "never", "text": "Hello"}
    broadcast = resend.Broadcasts.create({**content, "segment_id": made["segment"]})["id"]
    resend.Broadcasts.send({"broadcast_id": broadcast, "scheduled_at": "in 1 hour"})
    resend.Broadcasts.cancel(broadcast)
    same(resend.Broadcasts.remove(broadcast)["deleted"], True)


@case("contact delete")
def _():
    same(resend.Contacts.remove(email=READER)["deleted"], True)
    fails("not_found", 404, lambda: resend.Contacts.get(email=READER))
