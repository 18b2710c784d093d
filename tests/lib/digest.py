"""The client's half of Digest authentication (RFC 7616, RFC 8760), qop=auth."""

import hashlib
import os
import re

HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}


def challenges(message):
    """The challenges of a 401, in their order: dictionaries with unquoted values."""
    return [parameters(value) for value in message.all("WWW-Authenticate")]


def parameters(value):
    scheme, _, rest = value.partition(" ")
    assert scheme == "Digest", value
    found = re.findall(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))', rest)
    return {name.lower(): quoted or plain for name, quoted, plain in found}


def choose(message, algorithm):
    return next(c for c in challenges(message) if c["algorithm"] == algorithm)


def ha1(algorithm, user, realm, password):
    return HASHES[algorithm](f"{user}:{realm}:{password}".encode()).hexdigest()


def authorization(challenge, user, password, method, uri, count=1, /, **changes):
    """The Authorization header that answers the challenge. `changes` replaces (or, None, leaves
    out) parameters after all was computed."""
    algorithm = challenge.get("algorithm", "MD5")
    hashed = HASHES[algorithm]
    cnonce, nc = os.urandom(8).hex(), f"{count:08x}"
    secret = ha1(algorithm, user, challenge["realm"], password)
    request = hashed(f"{method}:{uri}".encode()).hexdigest()
    response = hashed(
        f"{secret}:{challenge['nonce']}:{nc}:{cnonce}:auth:{request}".encode()
    ).hexdigest()
    values = {
        "username": f'"{user}"',
        "realm": f'"{challenge["realm"]}"',
        "nonce": f'"{challenge["nonce"]}"',
        "uri": f'"{uri}"',
        "response": f'"{response}"',
        "algorithm": algorithm,
        "cnonce": f'"{cnonce}"',
        "qop": "auth",
        "nc": nc,
    }
    values.update(changes)
    return "Digest " + ", ".join(f"{k}={v}" for k, v in values.items() if v is not None)
