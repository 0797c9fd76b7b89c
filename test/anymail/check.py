"""Django, with django-anymail as its mail backend, against Sendoff: sends, and is told what happened.

Run by run.ts, which starts Sendoff and says by the environment where it is.
"""

import json
import os
import sys
import threading
import urllib.request
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import django
from django.conf import settings

BASE_URL = os.environ["SENDOFF_URL"]
API_KEY = os.environ["SENDOFF_API_KEY"]
TIMEOUT_SECONDS = 60


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

from anymail.message import AnymailMessage  # noqa: E402
from anymail.signals import tracking  # noqa: E402
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
            sys.exit(f"no {event_type} for {message_id}; told so far: {sorted(map(str, events))}")
        return events[(message_id, event_type)]


def send(to, **more):
    message = AnymailMessage(subject="Grüße", body="Hello", to=[to], **more)
    message.attach_alternative("<p>Hello</p>", "text/html")
    message.attach("rechnung.txt", "ä".encode(), "text/plain")
    assert message.send() == 1
    assert message.anymail_status.status == {"queued"}, message.anymail_status.status
    return message.anymail_status.message_id


def expect(what, actual, wanted):
    if actual != wanted:
        sys.exit(f"{what}: {actual!r}, expected {wanted!r}")
    print(f"ok  {what}: {actual!r}")


good = send("success+anymail@simulator.amazonses.com", tags=["welcome"], metadata={"order": "42"})
wait_for(good, "sent")
delivered = wait_for(good, "delivered")
expect("recipient", delivered.recipient, "success+anymail@simulator.amazonses.com")
expect("tags", delivered.tags, ["welcome"])
expect("metadata", delivered.metadata, {"order": "42"})
expect("event_id is the svix-id", delivered.event_id[:4], "msg_")
expect("timestamp has a zone", delivered.timestamp.tzinfo is not None, True)

bad = send("bounce+anymail@simulator.amazonses.com")
bounced = wait_for(bad, "bounced")
expect("reject_reason", bounced.reject_reason, "bounced")
expect("bounced recipient", bounced.recipient, "bounce+anymail@simulator.amazonses.com")

angry = send("complaint+anymail@simulator.amazonses.com")
expect("complaint", wait_for(angry, "complained").recipient, "complaint+anymail@simulator.amazonses.com")
expect("status of the bounced one", call("GET", f"/emails/{bad}")["last_event"], "bounced")
