"""Meta's own Python SDK against the sandbox, and what it sends of people against what Efflux sends of them.

EFFLUX names the program; without it, that of cargo's target folder is taken.
"""

import json
import os
import random
import subprocess
import tempfile
import time
import unittest
import urllib.request
from pathlib import Path

from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession

from differences import DIFFERENCES
from people import person

ROOT = Path(__file__).resolve().parents[3]
EFFLUX = os.environ.get("EFFLUX") or Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/efflux"
TOKEN, OTHER = "EAABtoken-of-the-test", "EAABtoken-of-another"
PIXEL, FOREIGN, OURS = "111000000000001", "111000000000002", "111000000000003"
PEOPLE, SEED = 1_000, 7
LONGEST_S = 180


class Sandbox(unittest.TestCase):
    """A sandbox of its own for each test class."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.environment = {
            "EFFLUX_DATA_DIR": cls.folder.name,
            "LOG_LEVEL": "warn",
            "PORT": "0",
            "PIXELS_REFRESH_SECONDS": "1",
            "DISABLE_SUBSCRIPTION_FILTERING": "true",
        }
        cls.sandbox = subprocess.Popen(
            [EFFLUX, "sandbox", "--listen", "127.0.0.1:0"], env=cls.environment, stdout=subprocess.PIPE, text=True
        )
        cls.url = cls.sandbox.stdout.readline().strip()
        cls.environment["META_GRAPH_URL"] = cls.url
        for pixel, token in [(PIXEL, TOKEN), (FOREIGN, OTHER), (OURS, TOKEN)]:
            control(cls.url, "PUT", f"pixels/{pixel}", {"tokens": [token]})

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.terminate()
        cls.sandbox.wait(LONGEST_S)
        cls.sandbox.stdout.close()
        cls.folder.cleanup()

    def sdk(self, pixel, events, token=TOKEN, **more):
        """Sends events as the SDK does, with nothing changed but where to."""
        FacebookSession.GRAPH = self.url
        FacebookAdsApi.init(access_token=token, **more)
        return EventRequest(pixel_id=pixel, events=events, partner_agent="efflux_1_0").execute()


def control(url, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{url}/_sandbox/{path}", data, method=method)) as answer:
        return json.load(answer)


def purchase(number=0, age_s=60, **custom):
    data = {"currency": "usd", "value": 1.5, "order_id": str(number), **custom}
    return Event(
        event_name="Purchase",
        event_time=int(time.time()) - age_s,
        event_id=f"sdk-{number}",
        event_source_url="https://shop.example/thanks",
        action_source=ActionSource.WEBSITE,
        user_data=UserData(email="jane@example.com", client_user_agent="Mozilla/5.0"),
        custom_data=CustomData(**data),
    )


class OfficialSdk(Sandbox):
    def test_events_are_accepted_and_counted(self):
        control(self.url, "DELETE", "events")
        answer = self.sdk(PIXEL, [purchase(1), purchase(2)], app_secret="unused")
        self.assertEqual(answer.events_received, 2)
        self.assertEqual(self.sdk(PIXEL, [purchase(2)]).events_received, 1)
        stats = control(self.url, "GET", "stats")["pixels"][PIXEL]["names"]["Purchase"]
        self.assertEqual((stats["accepted"], stats["repeated"], stats["value"]), (2, 1, {"USD": "3"}))

    def test_a_full_request_is_accepted(self):
        self.assertEqual(self.sdk(PIXEL, [purchase(n + 10) for n in range(1_000)]).events_received, 1_000)

    def refused(self, code, subcode, *arguments, **more):
        with self.assertRaises(FacebookRequestError) as caught:
            self.sdk(*arguments, **more)
        self.assertEqual((caught.exception.api_error_code(), caught.exception.api_error_subcode()), (code, subcode))

    def test_what_meta_refuses_is_refused(self):
        day = 24 * 3600
        self.refused(100, 2804003, PIXEL, [purchase(age_s=8 * day)])
        self.refused(100, 2804004, PIXEL, [purchase(age_s=-day)])
        self.refused(100, 2804010, PIXEL, [purchase(currency=None)])
        self.refused(100, None, PIXEL, [purchase(n) for n in range(1_001)])

    def test_foreign_pixels_and_bad_tokens_differ(self):
        self.refused(100, 33, FOREIGN, [purchase()])
        self.refused(190, None, PIXEL, [purchase()], token="EAABnonsense")


class Differences(Sandbox):
    """The same people, through the SDK and through Efflux."""

    maxDiff = None

    def test_each_difference_is_one_that_a_page_decides(self):
        chance = random.Random(SEED)
        now = int(time.time())
        people = [person(chance, number, now) for number in range(1, PEOPLE + 1)]
        self.send_by_sdk(people)
        self.send_by_efflux(people)
        sdk, ours = self.received(PIXEL), self.received(OURS)
        self.assertEqual((len(sdk), len(ours)), (PEOPLE, PEOPLE))
        found = {}
        for one in people:
            a, b = sdk[str(one.number)], ours[str(one.number)]
            for field in sorted(set(a) | set(b)):
                if a.get(field) != b.get(field):
                    found.setdefault((field, one.kinds.get(field, "any")), (a.get(field), b.get(field)))
        self.assertEqual(set(found), set(DIFFERENCES), found)

    def send_by_sdk(self, people):
        events = []
        for one in people:
            user = {name: value for name, value in one.user.items() if self.can_send(name, value)}
            events.append(
                Event(
                    event_name="Purchase",
                    event_time=one.clicked_at,
                    event_id=f"sdk-{one.number}",
                    event_source_url=one.row["event_source_url"],
                    action_source=ActionSource.WEBSITE,
                    user_data=UserData(**user),
                    custom_data=CustomData(currency="USD", value=one.row["revenue"], order_id=str(one.number)),
                )
            )
        self.assertEqual(self.sdk(PIXEL, events).events_received, PEOPLE)

    def can_send(self, name, value):
        """The SDK raises an error where it cannot read a value; its users leave the value out."""
        try:
            return bool(UserData(**{name: value}).normalize())
        except (TypeError, ValueError):
            return False

    def send_by_efflux(self, people):
        tokens, rows = Path(self.folder.name) / "tokens", Path(self.folder.name) / "people.json"
        tokens.write_text(TOKEN)
        rows.write_text(json.dumps([{**one.row, "pixel_id": OURS} for one in people]))
        self.efflux("pixels", "add", OURS, "--tokens", str(tokens))
        running = subprocess.Popen([EFFLUX, "run"], env=self.environment, stdout=subprocess.DEVNULL)
        try:
            self.efflux("ingest", "--wait", "--network", "tonic", str(rows))
        finally:
            running.terminate()
            running.wait(LONGEST_S)

    def efflux(self, *arguments):
        done = subprocess.run(
            [EFFLUX, *arguments], env=self.environment, capture_output=True, text=True, timeout=LONGEST_S
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def received(self, pixel):
        """What the sandbox received of each order, field by field; lists and single values alike."""
        events = control(self.url, "GET", f"events?pixel={pixel}&name=Purchase&limit={2 * PEOPLE}")
        flat = {}
        for event in (one["event"] for one in events):
            fields = {**event["user_data"], **event["custom_data"]}
            fields.update({key: value for key, value in event.items() if key not in ("user_data", "custom_data", "event_id")})
            flat[fields.pop("order_id")] = {key: plain(value) for key, value in fields.items()}
        return flat


def plain(value):
    value = sorted(value) if isinstance(value, list) else [value]
    return [float(one) if isinstance(one, (int, float)) else one for one in value]


if __name__ == "__main__":
    unittest.main()
