"""Django, with django-anymail as its mail backend: sends, and is told what happened.

Prints a line of JSON for each case; run.ts says by the environment where Sendoff is.
"""

import json
import os
import re
import threading
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

BASE_URL = os.environ["SENDOFF_URL"]
API_KEY = os.environ["SENDOFF_API_KEY"]
TIMEOUT_SECONDS = 20


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


def call(method, path, payload=None):
    request = urllib.request.Request(
        BASE_URL + path,
        method=method,
        data=None if payload is None else json.dumps(payload).encode(),
        headers={"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return json.load(response)


# The port must be known before the webhook is made, its secret before Django is set up.
server = make_server("127.0.0.1", 0, lambda environ, start: app(environ, start), Server, Quiet)
webhook = call(
    "POST",
    "/webhooks",
    {
        "endpoint": f"http://127.0.0.1:{server.server_port}/anymail/resend/tracking/",
        "events": ["email.sent", "email.delivered", "email.bounced", "email.complained"],
    },
)

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["anymail"],
    DEFAULT_FROM_EMAIL="Shop <shop@example.com>",
    EMAIL_BACKEND="anymail.backends.resend.EmailBackend",
    ANYMAIL={
        "RESEND_API_KEY": API_KEY,
        "RESEND_API_URL": f"{BASE_URL}/",
        "RESEND_SIGNING_SECRET": webhook["signing_secret"],
    },
)
django.setup()

from anymail.exceptions import AnymailRequestsAPIError, AnymailUnsupportedFeature  # noqa: E402
from anymail.message import AnymailMessage  # noqa: E402
from anymail.signals import tracking  # noqa: E402
from django.core.mail import EmailMessage, send_mail, send_mass_mail  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402

urlpatterns = [path("anymail/", include("anymail.urls"))]
app = get_wsgi_application()

arrived = threading.Condition()
events = {}


def note(sender, event, esp_name, **kwargs):
    with arrived:
        events[(event.message_id, event.event_type)] = event
        arrived.notify_all()


tracking.connect(note)
threading.Thread(target=server.serve_forever, daemon=True).start()


def wait_for(message_id, event_type):
    with arrived:
        if not arrived.wait_for(lambda: (message_id, event_type) in events, TIMEOUT_SECONDS):
            raise AssertionError(f"no {event_type} for {message_id}; told so far: {sorted(map(str, events))}")
        return events[(message_id, event_type)]


def send(to, **more):
    message = AnymailMessage(subject="Grüße", body="Hello", to=[to], **more)
    message.attach_alternative("<p>Hello</p>", "text/html")
    message.attach("rechnung.txt", "ä".encode(), "text/plain")
    assert message.send() == 1
    assert message.anymail_status.status == {"queued"}, message.anymail_status.status
    return message.anymail_status.message_id


def case(name):
    """Runs the function as this case, at once."""

    def run(function):
        try:
            function()
            print(json.dumps({"case": name, "ok": True}), flush=True)
        except Exception as error:
            print(json.dumps({"case": name, "ok": False, "error": f"{type(error).__name__}: {error}"}), flush=True)

    return run


def same(actual, wanted):
    assert actual == wanted, f"{actual!r} is not {wanted!r}"


GOOD = "success+anymail@simulator.amazonses.com"


@case("anymail: send with tags and metadata")
def _():
    global good
    good = send(GOOD, tags=["welcome"], metadata={"order": "42"})


@case("anymail: delivered")
def _():
    global delivered
    wait_for(good, "sent")
    delivered = wait_for(good, "delivered")


@case("anymail: recipient of an event")
def _():
    same(delivered.recipient, GOOD)


@case("anymail: tags of an event")
def _():
    same(delivered.tags, ["welcome"])


@case("anymail: metadata of an event")
def _():
    same(delivered.metadata, {"order": "42"})


@case("anymail: id of an event is the svix-id")
def _():
    same(delivered.event_id[:4], "msg_")


@case("anymail: timestamp of an event has a zone")
def _():
    assert delivered.timestamp.tzinfo is not None


@case("anymail: bounced")
def _():
    bad = send("bounce+anymail@simulator.amazonses.com")
    bounced = wait_for(bad, "bounced")
    same((bounced.reject_reason, bounced.recipient), ("bounced", "bounce+anymail@simulator.amazonses.com"))
    same(call("GET", f"/emails/{bad}")["last_event"], "bounced")


@case("anymail: complained")
def _():
    angry = send("complaint+anymail@simulator.amazonses.com")
    same(wait_for(angry, "complained").recipient, "complaint+anymail@simulator.amazonses.com")


@case("anymail: cc, bcc, reply-to, headers, inline image")
def _():
    message = AnymailMessage(
        subject="anymail: cc, bcc, reply-to, headers, inline image",
        body="Hello",
        to=[GOOD],
        cc=["cc@example.com"],
        bcc=["bcc@example.com"],
        reply_to=["answers@example.com"],
        headers={"X-Order": "42"},
    )
    logo = message.attach_inline_image(bytes(range(256)), filename="logo.png", subtype="png")
    message.attach_alternative(f'<img src="cid:{logo}">', "text/html")
    same(message.send(), 1)


@case("anymail: merge_data goes out as a batch")
def _():
    merged = {GOOD: {"name": "Ada"}, "success+2@simulator.amazonses.com": {"name": "Bob"}}
    message = AnymailMessage(subject="merged", body="Hello", to=list(merged), merge_metadata={GOOD: {"order": "1"}})
    message.merge_data = {}
    same(message.send(), 1)
    recipients = message.anymail_status.recipients
    same({status.status for status in recipients.values()}, {"queued"})
    same(len({status.message_id for status in recipients.values()}), 2)


call("POST", "/templates", {"name": "Anymail", "alias": "anymail", "subject": "for {{{NAME}}}", "html": "<p>{{{NAME}}}</p>", "variables": [{"key": "NAME", "type": "string"}]})
call("POST", "/templates/anymail/publish")


@case("anymail: refuses template_id and merge_data itself, for every Resend")
def _():
    for fields in ({"template_id": "anymail"}, {"merge_data": {GOOD: {"NAME": "Ada"}}}):
        message = AnymailMessage(subject="never", body="never", to=[GOOD])
        for name, value in fields.items():
            setattr(message, name, value)
        try:
            message.send()
        except AnymailUnsupportedFeature:
            continue
        raise AssertionError(f"{fields} were not refused")


# The payload that docs/templates.md shows.
documented = {}
page = Path(__file__).parents[3] / "docs" / "templates.md"
exec(re.search(r"```python\n(# mail\.py.*?)```", page.read_text(), re.DOTALL)[1], documented)
TemplateBackend = documented["TemplateBackend"]


@case("anymail: template_id and merge_data with a payload of one's own")
def _():
    second = "success+2@simulator.amazonses.com"
    message = AnymailMessage(to=[GOOD, second], connection=TemplateBackend())
    message.template_id = "anymail"
    message.merge_data = {GOOD: {"NAME": "Ada"}, second: {"NAME": "Bob"}}
    same(message.send(), 1)
    ids = [message.anymail_status.recipients[address].message_id for address in (GOOD, second)]
    same([call("GET", f"/emails/{id}")["subject"] for id in ids], ["for Ada", "for Bob"])


@case("anymail: template_id for one, merge_global_data")
def _():
    message = AnymailMessage(to=[GOOD], connection=TemplateBackend())
    message.template_id = "anymail"
    message.merge_global_data = {"NAME": "all of you"}
    same(message.send(), 1)
    same(call("GET", f"/emails/{message.anymail_status.message_id}")["subject"], "for all of you")


@case("anymail: send_at")
def _():
    message = AnymailMessage(subject="later", body="Hello", to=[GOOD])
    message.send_at = datetime.now(timezone.utc) + timedelta(hours=1)
    message.send()
    same(call("GET", f"/emails/{message.anymail_status.message_id}")["last_event"], "scheduled")


@case("anymail: refused address")
def _():
    try:
        AnymailMessage(subject="never", body="Hello", to=["nobody@-.-"]).send()
    except AnymailRequestsAPIError as error:
        same((error.status_code, error.response.json()["name"]), (422, "validation_error"))
        return
    raise AssertionError("it was not refused")


@case("django: send_mail")
def _():
    same(send_mail("django: send_mail", "Hello", None, [GOOD], html_message="<p>Hello</p>"), 1)


@case("django: send_mass_mail")
def _():
    messages = [("django: send_mass_mail", "Hello", None, [address]) for address in (GOOD, "success@simulator.amazonses.com")]
    same(send_mass_mail(messages), 2)


@case("django: EmailMessage")
def _():
    message = EmailMessage("django: EmailMessage", "Hello", to=[GOOD], headers={"X-Order": "42"})
    message.attach("bytes.bin", bytes(range(256)), "application/octet-stream")
    same(message.send(), 1)
