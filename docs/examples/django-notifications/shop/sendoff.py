"""Calls tasks of Sendoff."""

import requests
from django.conf import settings

session = requests.Session()  # keeps its connection
session.headers["Authorization"] = f"Bearer {settings.SENDOFF_API_KEY}"


def delay(task, /, **args):
    """Calls a task in the background; returns the id of its run once the call is durable."""
    answer = session.post(f"{settings.SENDOFF_URL}/tasks/{task}", json={"args": args}, timeout=5)
    answer.raise_for_status()
    return answer.json()["id"]


def run(id, wait=0):
    """A run: its status, result and error. Waits for its end, up to 20 seconds."""
    answer = session.get(f"{settings.SENDOFF_URL}/runs/{id}", params={"wait": wait}, timeout=wait + 5)
    answer.raise_for_status()
    return answer.json()
