"""What we ask of the sign-in service, and how its answers are checked: by authlib and joserfc."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from api.oidc.line import ONCE, Line, json_object
from api.oidc.told import Begun, NotEntered, Somebody, Why
from api.parameters import UNSTORABLE
from gateway.calling import Caller, NoAnswer
from gateway.config.oidc import OidcSettings, is_guarded

if TYPE_CHECKING:
    from authlib.oauth2.client import OAuth2Client
    from joserfc.jwk import KeySet

log = logging.getLogger(__name__)

ALGORITHMS = [
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"
]  # fmt: skip
"""By a key that only the provider has: never `none`, nor HS256, which who reads the public key could make."""
ERRORS: dict[str, Why] = {"access_denied": "declined", "temporarily_unavailable": "away"}
LONGEST = 4096
LEEWAY_S = 60
KEPT_S = 3600.0
RESTS_S = 5.0
TIMEOUT_S = 5.0
MOST, MOST_OF_HEADER = 2**18, 2**13
JSON = {"accept": "application/json", **ONCE}

Fetched = TypeVar("Fetched")


@dataclass(slots=True)
class Kept(Generic[Fetched]):
    """Fetched once an hour, by each process for itself; after a failure not at once: a try takes a thread."""

    fetch: Callable[[], Fetched]
    value: Fetched | None = None
    until: float = 0.0
    failed: Why | None = None
    rests_until: float = 0.0

    def get(self, *, anew: bool = False) -> Fetched:
        at = time.monotonic()
        if self.value is not None and at < self.until and not anew:
            return self.value
        if self.failed and at < self.rests_until:
            raise NotEntered(self.failed, "as a moment ago")
        try:
            self.value, self.failed = self.fetch(), None
        except NotEntered as no:
            self.failed, self.rests_until = no.why, time.monotonic() + RESTS_S
            raise
        self.until = time.monotonic() + KEPT_S
        return self.value


class Provider:
    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self.metadata, self.keys = Kept(self.discover), Kept(self.read_keys)

    @cached_property
    def caller(self) -> Caller:
        return Caller(TIMEOUT_S, self.settings.ca, MOST)

    def begin(self, here: str, back: str) -> tuple[str, Begun]:
        """Where the browser goes, and what it keeps until it comes back. Raises NotEntered."""
        from authlib.common.security import generate_token

        begun = Begun(generate_token(43), generate_token(43), generate_token(64), int(time.time()), back)
        anew = {"prompt": "login", "max_age": 0} if self.settings.ask_anew else {}
        url, _ = self.client(here).create_authorization_url(
            self.endpoint("authorization_endpoint"),
            state=begun.state, nonce=begun.nonce, code_verifier=begun.verifier, **anew,
        )  # fmt: skip
        return url, begun

    def code_in(self, given: Mapping[str, str], begun: Begun | None) -> tuple[Begun, str]:
        """What the browser brings back from there. Raises NotEntered."""
        if begun is None or not begun.fits(given.get("state", "")):
            raise NotEntered("expired", "no sign-in that this browser began has this state")
        issuer = given.get("iss")  # RFC 9207
        says_so = self.metadata.get().get("authorization_response_iss_parameter_supported") is True
        if issuer != self.settings.issuer and (issuer is not None or says_so):
            raise NotEntered("unclear", f"the answer says that it is of {issuer!r}")
        if error := given.get("error"):
            raise NotEntered(ERRORS.get(error, "troubled"), error)
        code = given.get("code", "")
        if not 0 < len(code) <= LONGEST:
            raise NotEntered("unclear", "no code in the answer")
        return begun, code

    def finish(self, here: str, begun: Begun, code: str) -> Somebody:
        """Raises NotEntered."""
        token = self.exchange(here, begun, code)
        claims = self.checked(token, begun)
        sub, name = claims["sub"], claims.get(self.settings.claim)
        if name is None and self.metadata.get().get("userinfo_endpoint"):
            name = self.ask_about(token, sub).get(self.settings.claim)
        is_name = isinstance(name, str) and not UNSTORABLE.search(name)
        return Somebody(self.settings.issuer, sub, name if is_name else None)

    def client(self, here: str) -> "OAuth2Client":
        from authlib.oauth2.client import OAuth2Client

        secret = self.settings.client_secret
        ways = self.metadata.get().get("token_endpoint_auth_methods_supported")
        posts = isinstance(ways, list) and "client_secret_basic" not in ways
        return OAuth2Client(
            Line(self.caller),
            client_id=self.settings.client_id,
            client_secret=secret and secret.get_secret_value(),
            token_endpoint_auth_method="client_secret_post" if posts else "client_secret_basic",
            scope=" ".join(self.settings.scopes),
            redirect_uri=here,
            code_challenge_method="S256",
        )

    def exchange(self, here: str, begun: Begun, code: str) -> dict[str, Any]:
        """The tokens for a code; one that was used, or is another browser's, is refused by the provider."""
        from authlib.oauth2 import OAuth2Error

        try:
            told = self.client(here).fetch_token(
                self.endpoint("token_endpoint"), grant_type="authorization_code",
                code=code, code_verifier=begun.verifier,
            )  # fmt: skip
        except NoAnswer as error:
            raise NotEntered("away", error) from error
        except OAuth2Error as error:
            raise NotEntered("expired" if error.error == "invalid_grant" else "unclear", error) from error
        except (ValueError, TypeError) as error:  # a secret that no header holds, `expires_in: soon`
            raise NotEntered("unclear", f"{type(error).__name__}: {error}") from None
        if not isinstance(told, dict) or not isinstance(told.get("id_token"), str):
            raise NotEntered("unclear", "no id_token in the answer")
        return told

    def checked(self, token: Mapping[str, Any], begun: Begun) -> Mapping[str, Any]:
        """What the ID token says, once it is certain that it is the provider's, for us, for this browser."""
        from authlib.oidc.core import CodeIDToken
        from joserfc.errors import JoseError

        try:
            read = self.read(token["id_token"])
            claims = CodeIDToken(
                read.claims,
                read.header,
                {
                    "iss": {"essential": True, "value": self.settings.issuer},
                    "aud": {"essential": True, "value": self.settings.client_id},
                    "nonce": {"essential": True, "value": begun.nonce},
                },
                {"client_id": self.settings.client_id, "nonce": begun.nonce, **at_hash_of(token)},
            )
            claims.validate(leeway=LEEWAY_S)
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise NotEntered("unclear", f"{type(error).__name__}: {error}") from error
        sub = claims["sub"]
        if not isinstance(sub, str) or not 0 < len(sub) <= 255 or UNSTORABLE.search(sub):
            raise NotEntered("unclear", "`sub` is no text of 1 to 255 characters")
        self.must_be_fresh(claims, begun)
        return cast("Mapping[str, Any]", claims)

    def must_be_fresh(self, claims: Mapping[str, Any], begun: Begun) -> None:
        if not self.settings.ask_anew:
            return
        at = claims.get("auth_time")
        if not isinstance(at, (int, float)) or at < begun.at - LEEWAY_S:
            raise NotEntered("unclear", "the provider did not ask anew (`auth_time`); see api.oidc.ask_anew")

    def read(self, text: str) -> Any:
        """Its signature checked; keys are read again for one that is not known yet."""
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError
        from joserfc.jws import JWSRegistry

        allowed = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
        allowed.max_header_length, allowed.max_payload_length = MOST_OF_HEADER, MOST  # certificates, roles
        try:
            return jwt.decode(text, self.keys.get(), registry=allowed)
        except InvalidKeyIdError:
            return jwt.decode(text, self.keys.get(anew=True), registry=allowed)

    def ask_about(self, token: Mapping[str, Any], sub: str) -> Mapping[str, Any]:
        """What a provider that is strict says of somebody only when it is asked for (userinfo)."""
        bearer = {**JSON, "authorization": f"Bearer {token.get('access_token')}"}
        told = self.get("userinfo_endpoint", self.endpoint("userinfo_endpoint"), bearer)
        if told.get("sub") != sub:
            raise NotEntered("unclear", "userinfo is about somebody else")
        return told

    def discover(self) -> Mapping[str, Any]:
        address = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        told = self.get("discovery", address)
        if told.get("issuer") != self.settings.issuer:
            raise NotEntered("unclear", f"api.oidc.issuer: the provider calls itself {told.get('issuer')!r}")
        return told

    def read_keys(self) -> "KeySet":
        from joserfc.errors import JoseError
        from joserfc.jwk import JWKRegistry, KeySet

        keys = []
        told = self.get("jwks_uri", self.endpoint("jwks_uri")).get("keys")
        for one in told if isinstance(told, list) else ():
            if not isinstance(one, dict) or one.get("kty") == "oct" or one.get("use", "sig") != "sig":
                continue
            try:
                keys.append(JWKRegistry.import_key(one))
            except (JoseError, ValueError, TypeError, KeyError) as error:  # one of a kind that we do not know
                log.info("a key of %s is not used: %.200r", self.settings.issuer, str(error))
        return KeySet(keys)

    def endpoint(self, name: str) -> str:
        address = self.metadata.get().get(name)
        if not isinstance(address, str) or not is_guarded(address):
            raise NotEntered("unclear", f"{name} of the provider is not to be used: {address!r}")
        return address

    def get(self, what: str, url: str, headers: Mapping[str, str] = JSON) -> Mapping[str, Any]:
        try:
            answer = self.caller.call("GET", url, headers)
        except NoAnswer as error:
            raise NotEntered("away", f"{what}: {error}") from error
        if not answer.is_good:
            raise NotEntered("away" if answer.status >= 500 else "unclear", f"{what}: HTTP {answer.status}")
        told = json_object(answer)
        if told is None:
            raise NotEntered("unclear", f"{what}: no JSON object")
        return told


def at_hash_of(token: Mapping[str, Any]) -> dict[str, str]:
    """What `at_hash` of the ID token, where there is one, has to fit."""
    access = token.get("access_token")
    return {"access_token": access} if isinstance(access, str) else {}
