"""The connection file that AXIS Body Worn Manager imports (64 kB at most; it holds the key: keep it safe)."""

import base64
import json
from importlib.metadata import version

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.config import ConfigError
from gateway.config.connected import AxisBodyWornSettings


def connection_file(settings: AxisBodyWornSettings) -> bytes:
    """JSON as the specification has it. Raises ConfigError for a certificate or key that cannot be used.

    https://github.com/AxisCommunications/body-worn-content-destination-api, "Connection API".
    """
    told: dict[str, object] = {
        "ConnectionFileVersion": "1.0",
        "SiteName": (settings.name or settings.id)[:64],
        "ApplicationName": "Evidence gateway 执法记录网关",
        "ApplicationVersion": version("evidence-gateway"),
        "ContentDestinationAsNTPServer": False,
        "AuthenticationTokenURI": [f"{settings.url}/auth/v1.0"],
        "BlobAPIUserName": settings.user,
        "BlobAPIKey": settings.api_key.get_secret_value(),
        "ContainerType": settings.container,
        "FullStoreAndReadSupport": False,
        "WantEncryption": settings.encryption is not None,
    }
    try:
        if settings.certificate is not None:
            certificate = settings.certificate.read_bytes()
            told["HTTPSCertificate"] = [base64.b64encode(certificate).decode()]
        if settings.encryption is not None:
            key = settings.encryption.public_key.read_bytes()
            if not isinstance(serialization.load_pem_public_key(key), RSAPublicKey):
                raise ConfigError(f"{settings.encryption.public_key}: an RSA public key (PEM) is needed")
            told |= {"PublicKey": base64.b64encode(key).decode(), "PublicKeyId": settings.encryption.key_id}
    except (OSError, ValueError) as error:
        raise ConfigError(f"connection file: {error}") from error
    return json.dumps(told, ensure_ascii=False, indent=1).encode()
