"""Signs webhooks with the providers' own packages, tampers with some, and asks a gateway for its answer.

Each package is also asked what it thinks of a request itself: it must believe what is as it was
signed, and a tampered request counts only where the package refuses it too.
Usage: webhooks.py PORT PUBLIC_URL TOKEN TELNYX_SEED_HEX GENUINE TAMPERED SEED
"""

import base64
import http.client
import json
import random
import sys
import time
from pathlib import Path
from urllib.parse import urlencode

from nacl.signing import SigningKey
from plivo.utils import signature_v3
from telnyx import Telnyx
from twilio.request_validator import RequestValidator

sys.path.append(str(Path(__file__).parents[4] / "providers/fixtures"))
from forms import VALUES, Many  # noqa: E402

# What no webhook is without, at one provider or another.
NEEDED = ["CallSid", "CallUUID", "To"]
NAMES = ["From", "Caller", "Digits", "SipHeader_X-Account", "a", "A"]
QUERIES = ["", "?b=2&a=1", "?x=%2B1&y=a"]


class Twilio:
    signed = ["form", "query", "X-Twilio-Signature"]

    def __init__(self, token):
        self.validator = RequestValidator(token)

    def sign(self, url, form):
        return {"X-Twilio-Signature": self.validator.compute_signature(url, Many(form))}

    def believes(self, url, form, headers):
        return self.validator.validate(url, Many(form), headers["X-Twilio-Signature"])


class Plivo:
    nonce, signature = "X-Plivo-Signature-V3-Nonce", "X-Plivo-Signature-V3"
    signed = ["form", "query", nonce, signature]

    def __init__(self, token, chance):
        self.token, self.chance = token, chance

    def sign(self, url, form):
        nonce = str(self.chance.randrange(10**18))
        text = signature_v3.construct_post_url(url, dict(form)).decode()
        made = signature_v3.get_signature_v3(self.token.encode(), text, nonce).decode()
        return {self.nonce: nonce, self.signature: made}

    def believes(self, url, form, headers):
        return signature_v3.validate_v3_signature(
            "POST", url, headers[self.nonce], self.token, headers[self.signature], dict(form)
        )


class TelnyxForms:
    timestamp, signature = "Telnyx-Timestamp", "Telnyx-Signature-Ed25519"
    # A query is not signed.
    signed = ["form", timestamp, signature]

    def __init__(self, seed):
        self.key = SigningKey(seed)
        self.public = base64.b64encode(bytes(self.key.verify_key)).decode()
        self.package = Telnyx(api_key="none")

    def sign(self, url, form):
        timestamp = str(int(time.time()))
        signed = self.key.sign(f"{timestamp}|{body(form)}".encode())
        return {self.timestamp: timestamp, self.signature: base64.b64encode(signed.signature).decode()}

    def believes(self, url, form, headers):
        try:
            self.package.webhooks.unwrap(body(form), headers=headers, key=self.public)
        except json.JSONDecodeError:
            return True  # Verified, and then it was a form.
        except ValueError:
            return False
        return True


def body(form):
    return urlencode(form, doseq=True)


def made_up_form(chance):
    names = chance.sample(NAMES, chance.randint(1, len(NAMES)))
    form = {name: chance.choices(VALUES, k=chance.randint(1, 2)) for name in names}
    return form | {name: [str(chance.randrange(10**9))] for name in NEEDED}


def changed(chance, text):
    """The text with one letter replaced by another, or one letter longer."""
    letter = chance.choice("ABCXYZabcxyz0189")
    if not text or chance.random() < 0.2:
        return text + letter
    at = chance.randrange(len(text))
    return text[:at] + letter + text[at + 1 :]


def tamper(chance, what, query, form, headers):
    form, headers = {name: list(values) for name, values in form.items()}, dict(headers)
    if what == "query":
        query = query + chance.choice("ABCXYZ") if query else "?a=1"
    elif what == "form":
        values = form[chance.choice(sorted(form))]
        at = chance.randrange(len(values))
        values[at] = changed(chance, values[at])
    else:
        headers[what] = changed(chance, headers[what])
    return query, form, headers


def main():
    port, public_url, token, telnyx_seed = sys.argv[1:5]
    genuine, tampered, seed = map(int, sys.argv[5:])
    chance = random.Random(seed)
    packages = {
        "twilio": Twilio(token),
        "plivo": Plivo(token, chance),
        "telnyx": TelnyxForms(bytes.fromhex(telnyx_seed)),
    }
    gateway = http.client.HTTPConnection("127.0.0.1", int(port), timeout=30)
    told = {name: {"taken": 0, "refused": 0} for name in packages}
    wrong = []

    def ask(name, query, form, headers, verdict):
        path = f"/sip/{name}/answer{query}"
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        gateway.request("POST", path, body(form), headers | kind)
        answer = gateway.getresponse()
        said = answer.read().decode()
        if answer.status == verdict:
            told[name]["taken" if verdict == 200 else "refused"] += 1
        else:
            wrong.append({"path": path, "form": form, "headers": headers, "status": answer.status, "said": said})

    while sum(counts["taken"] for counts in told.values()) < genuine and not wrong:
        for name, package in packages.items():
            query, form = chance.choice(QUERIES), made_up_form(chance)
            url = f"{public_url}/sip/{name}/answer{query}"
            headers = package.sign(url, form)
            assert package.believes(url, form, headers), (name, url, form, headers)
            ask(name, query, form, headers, 200)
    while sum(counts["refused"] for counts in told.values()) < tampered and not wrong:
        name, package = chance.choice(sorted(packages.items()))
        query, form = chance.choice(QUERIES), made_up_form(chance)
        headers = package.sign(f"{public_url}/sip/{name}/answer{query}", form)
        what = chance.choice(package.signed)
        query, form, headers = tamper(chance, what, query, form, headers)
        if not package.believes(f"{public_url}/sip/{name}/answer{query}", form, headers):
            ask(name, query, form, headers, 403)
    print(json.dumps({"told": told, "wrong": wrong[:3]}))


if __name__ == "__main__":
    main()
