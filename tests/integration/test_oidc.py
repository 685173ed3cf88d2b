"""What a sign-in service may answer, forged, stale, for others or broken; nobody comes in by it."""

import base64
import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from api.oidc import Begun, NotEntered, Provider, Why
from tests.integration.hostile_oidc import CLIENT, Hostile, Key, part, serving

HERE = "http://testserver/sign-in/oidc/back"
Forged = Callable[[Hostile, str], str]


@pytest.fixture(scope="module")
def served() -> Iterator[Hostile]:
    with serving() as hostile:
        yield hostile


@pytest.fixture(autouse=True)
def hostile(served: Hostile) -> Hostile:
    """Also for tests that do not name it: what the one before taught it is no part of them."""
    served.forget()
    return served


@pytest.fixture(scope="module")
def provider(served: Hostile) -> Provider:
    """It has read what is to be known; to begin anew takes longer than what most tests ask of it."""
    return Provider(served.settings())


def asked_for(provider: Provider) -> tuple[dict[str, str], Begun]:
    url, begun = provider.begin(HERE, "/docks")
    return {name: one for name, [one] in parse_qs(urlsplit(url).query).items()}, begun


def refused(provider: Provider, begun: Begun) -> Why:
    with pytest.raises(NotEntered) as no:
        provider.finish(HERE, begun, "code")
    return no.value.why


def claims(**more: Any) -> Forged:
    return lambda hostile, nonce: hostile.good(nonce, **more)


def signed(header: dict[str, Any], **more: Any) -> Forged:
    return lambda hostile, nonce: hostile.key.signed(
        {"kid": "first", **header}, hostile.claims(nonce, **more)
    )


def without(name: str) -> Forged:
    def made(hostile: Hostile, nonce: str) -> str:
        told = hostile.claims(nonce)
        del told[name]
        return hostile.key.signed({"alg": "ES256", "kid": "first"}, told)

    return made


def unsigned(hostile: Hostile, nonce: str) -> str:
    return f"{part({'alg': 'none'})}.{part(hostile.claims(nonce))}."


def signed_by_another(hostile: Hostile, nonce: str) -> str:
    return Key("first").signed({"alg": "ES256", "kid": "first"}, hostile.claims(nonce))


def signed_by_an_unknown(hostile: Hostile, nonce: str) -> str:
    return Key("other").signed({"alg": "ES256", "kid": "other"}, hostile.claims(nonce))


def with_its_own_key(hostile: Hostile, nonce: str) -> str:
    mine = Key("first")
    return mine.signed({"alg": "ES256", "jwk": mine.jwk()}, hostile.claims(nonce))


def public_key_as_secret(hostile: Hostile, nonce: str) -> str:
    return hostile.key.misused({"alg": "HS256", "kid": "first"}, hostile.claims(nonce))


def altered(hostile: Hostile, nonce: str) -> str:
    head, _, signature = hostile.good(nonce).split(".")
    return f"{head}.{part(hostile.claims(nonce, sub='another'))}.{signature}"


def half_a_minute_ago(hostile: Hostile, nonce: str) -> str:
    return hostile.good(nonce, exp=int(time.time()) - 30)


def begun_later(hostile: Hostile, nonce: str) -> str:
    return hostile.good(nonce, iat=int(time.time()) + 30)


LONG_AGO, LATER = int(time.time()) - 7200, int(time.time()) + 7200


@pytest.mark.parametrize(
    "forge",
    [
        unsigned, signed_by_another, signed_by_an_unknown, with_its_own_key, public_key_as_secret, altered,
        signed({"alg": "none"}), signed({"alg": "HS256"}), signed({"alg": "RS256"}),
        signed({"alg": "ES256", "crit": ["b64"], "b64": False}),
        claims(nonce="of another sign-in"), without("nonce"),
        lambda hostile, _: hostile.good("other", nonce_supported=False),
        claims(iss="https://evil.example"), without("iss"),
        claims(aud="another"), claims(aud=["another", "third"]), without("aud"), claims(aud=[]),
        claims(aud=[CLIENT, "another"]), claims(aud=[CLIENT, "another"], azp="another"), claims(azp="another"),
        claims(exp=LONG_AGO), claims(exp="soon"), without("exp"), claims(iat=LATER), without("iat"), claims(nbf=LATER),
        without("sub"), claims(sub=""), claims(sub=7), claims(sub="x" * 256), claims(sub="a\0"), claims(sub=None),
        claims(at_hash="wrong"), without("auth_time"), claims(auth_time=LONG_AGO), claims(auth_time="now"),
        lambda hostile, _: hostile.key.signed({"alg": "ES256", "kid": "first"}, ["no", "claims"]),
        lambda *_: "no token", lambda *_: "a.b.c", lambda *_: "",
    ],
)  # fmt: skip
def test_a_token_that_is_not_for_this_sign_in_opens_nothing(
    hostile: Hostile, provider: Provider, forge: Forged
) -> None:
    _, begun = asked_for(provider)
    hostile.token = forge(hostile, begun.nonce)
    assert refused(provider, begun) == "unclear"


@pytest.mark.parametrize(
    "forge",
    [
        claims(), half_a_minute_ago, begun_later,
        claims(aud=[CLIENT]), claims(aud=[CLIENT, "another"], azp=CLIENT), claims(azp=CLIENT),
        claims(at_hash=base64.urlsafe_b64encode(hashlib.sha256(b"at").digest()[:16]).rstrip(b"=").decode()),
        signed({"alg": "ES256", "x5t": "unknown to us", "x5c": ["A" * 2000]}), claims(groups=["执法人员"] * 2000),
    ],
)  # fmt: skip
def test_one_that_is_opens(hostile: Hostile, provider: Provider, forge: Forged) -> None:
    """Also half a minute after our clock says that it is over: two clocks are never one."""
    _, begun = asked_for(provider)
    hostile.token = forge(hostile, begun.nonce)
    told = provider.finish(HERE, begun, "code")
    assert (told.issuer, told.sub, told.name) == (hostile.issuer, "4711", "chen")


def test_the_code_is_asked_for_with_pkce_and_redeemed_with_its_verifier(hostile: Hostile) -> None:
    provider = Provider(hostile.settings(scopes=("openid", "stationid")))
    query, begun = asked_for(provider)
    digest = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).rstrip(b"=").decode()
    assert query == {
        "response_type": "code", "client_id": CLIENT, "redirect_uri": HERE, "scope": "openid stationid",
        "state": begun.state, "nonce": begun.nonce, "code_challenge": digest, "code_challenge_method": "S256",
        "prompt": "login", "max_age": "0",
    }  # fmt: skip
    _, other = asked_for(provider)
    assert not {begun.state, begun.nonce, begun.verifier} & {other.state, other.nonce, other.verifier}
    hostile.token = hostile.good(begun.nonce)
    provider.finish(HERE, begun, "the code")
    [(_, headers, form)] = [one for one in hostile.asked if one[0] == "/token"]
    assert form == {
        "grant_type": "authorization_code", "code": "the code", "redirect_uri": HERE, "code_verifier": begun.verifier
    }  # fmt: skip
    assert (
        base64.b64decode(headers["authorization"].removeprefix("Basic ")).decode() == f"{CLIENT}:{'s' * 32}"
    )


def test_the_secret_goes_into_the_body_where_the_provider_wants_it_there(hostile: Hostile) -> None:
    hostile.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    provider = Provider(hostile.settings(ask_anew=False))
    query, begun = asked_for(provider)
    assert not {"prompt", "max_age"} & set(query)
    hostile.token = without("auth_time")(hostile, begun.nonce)
    provider.finish(HERE, begun, "code")
    [(_, headers, form)] = [one for one in hostile.asked if one[0] == "/token"]
    assert "authorization" not in headers
    assert (form["client_id"], form["client_secret"]) == (CLIENT, "s" * 32)


def test_what_is_known_is_not_asked_for_again_until_a_key_is_new(
    hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = Provider(hostile.settings())
    for _ in range(2):
        _, begun = asked_for(provider)
        hostile.token = hostile.good(begun.nonce)
        provider.finish(HERE, begun, "code")
    monkeypatch.setattr(hostile, "key", Key("second"))
    _, begun = asked_for(provider)
    hostile.token = hostile.good(begun.nonce)
    assert provider.finish(HERE, begun, "code").sub == "4711"
    assert [path for path, _, _ in hostile.asked if path != "/token"] == [
        "/.well-known/openid-configuration", "/jwks", "/jwks"
    ]  # fmt: skip


def test_a_name_that_is_not_in_the_token_is_asked_for(hostile: Hostile, provider: Provider) -> None:
    _, begun = asked_for(provider)
    hostile.token = without("preferred_username")(hostile, begun.nonce)
    assert provider.finish(HERE, begun, "code").name == "of userinfo"
    hostile.answers["/me"] = 200, b'{"sub": "another", "preferred_username": "admin"}'
    assert refused(provider, begun) == "unclear"
    hostile.answers["/me"] = 200, b'{"sub": "4711", "preferred_username": ["admin"]}'
    assert provider.finish(HERE, begun, "code").name is None


@pytest.mark.parametrize(
    ("path", "answer", "why"),
    [
        ("/token", (400, b'{"error": "invalid_grant"}'), "expired"),
        ("/token", (401, b'{"error": "invalid_client"}'), "unclear"),
        ("/token", (200, b'{"access_token": "at"}'), "unclear"),
        ("/token", (200, b"<html>"), "away"),
        ("/token", (503, b""), "away"),
        ("/token", (200, b"[" * 300_000), "away"),
        ("/token", (200, b"[" * 200_000), "away"),
        ("/token", (200, b'{"access_token": "at", "id_token": "x", "expires_in": "soon"}'), "unclear"),
        ("/jwks", (500, b""), "away"),
        ("/jwks", (200, b'{"keys": []}'), "unclear"),
        ("/jwks", (200, b'{"keys": 1}'), "unclear"),
        ("/jwks", (200, b"[]"), "unclear"),
        ("/jwks", (302, b""), "unclear"),
    ],
)
def test_a_broken_answer_is_told_as_what_it_is(
    hostile: Hostile, path: str, answer: tuple[int, bytes], why: Why
) -> None:
    provider = Provider(hostile.settings())
    _, begun = asked_for(provider)
    hostile.token = hostile.good(begun.nonce)
    hostile.answers[path] = answer
    assert refused(provider, begun) == why
    assert not [one for one in hostile.asked if one[0] == "/elsewhere"], "a redirect is not followed"


@pytest.mark.parametrize(
    ("metadata", "answer", "why"),
    [
        ({"issuer": "https://evil.example"}, None, "unclear"),
        ({"authorization_endpoint": "http://evil.example/auth"}, None, "unclear"),
        ({"authorization_endpoint": None}, None, "unclear"),
        ({"authorization_endpoint": "javascript:alert(1)"}, None, "unclear"),
        ({}, (404, b""), "unclear"),
        ({}, (502, b""), "away"),
        ({}, (200, b"\xff"), "unclear"),
    ],
)
def test_nobody_is_sent_to_another_provider(
    hostile: Hostile, metadata: dict[str, Any], answer: tuple[int, bytes] | None, why: Why
) -> None:
    hostile.metadata = metadata
    if answer:
        hostile.answers["/.well-known/openid-configuration"] = answer
    provider = Provider(hostile.settings())
    for _ in range(2):
        with pytest.raises(NotEntered) as no:
            provider.begin(HERE, "/")
        assert no.value.why == why
    assert len(hostile.asked) == 1 or not answer, "it is left in peace for a moment"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"state": "other", "code": "c"}, "expired"),
        ({"code": "c"}, "expired"),
        ({"state": "s"}, "unclear"),
        ({"state": "s", "code": "c" * 5000}, "unclear"),
        ({"state": "s", "code": "c", "iss": "https://evil.example"}, "unclear"),
        ({"state": "s", "error": "access_denied"}, "declined"),
        ({"state": "s", "error": "temporarily_unavailable"}, "away"),
        ({"state": "s", "error": "server_error", "code": "c"}, "troubled"),
    ],
)
def test_what_the_browser_brings_back(provider: Provider, given: dict[str, str], why: Why) -> None:
    begun = Begun("s", "n", "v", int(time.time()), "/")
    assert provider.code_in({"state": "s", "code": "c"}, begun)[1] == "c"
    with pytest.raises(NotEntered) as no:
        provider.code_in(given, begun)
    assert no.value.why == why


def test_a_sign_in_is_for_ten_minutes_and_one_browser(hostile: Hostile, provider: Provider) -> None:
    given = {"state": "s", "code": "c"}
    late = Begun("s", "n", "v", int(time.time()) - 601, "/")
    for begun in (None, late):
        with pytest.raises(NotEntered) as no:
            provider.code_in(given, begun)
        assert no.value.why == "expired"
    hostile.metadata["authorization_response_iss_parameter_supported"] = True
    with pytest.raises(NotEntered) as no:
        Provider(hostile.settings()).code_in(given, Begun("s", "n", "v", int(time.time()), "/"))
    assert no.value.why == "unclear", "it says that it always tells its name (RFC 9207)"


@pytest.mark.parametrize(
    "text", ["", "state=s", "state=s&nonce=n&verifier=v&at=x&back=/", "at=" + "9" * 5000, "%ff"]
)
def test_a_cookie_that_is_none_of_ours(text: str) -> None:
    begun = Begun("s", "n", "v", 7, "/docks?a=1&b=中;文,")
    assert Begun.of(begun.text()) == begun
    assert Begun.of(text) is None
