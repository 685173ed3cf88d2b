"""Certificates of devices: an authority of the unit's own, and an identity for each camera (mutual TLS)."""

import os
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.config import ConfigError

AUTHORITY, DEVICE = timedelta(days=3650), timedelta(days=1100)
EARLIER = timedelta(days=1)
"""A camera's clock may be behind ours."""


def enrol(folder: Path, name: str, addresses: tuple[str, ...] = ()) -> tuple[Path, Path]:
    """(certificate, key) for a camera, or with `addresses` for a server; the authority is made when missing.

    The common name becomes the user name at the broker. Raises ConfigError for a name that could mean more
    than one device there, and for one that is enrolled already.
    """
    if not name.replace("-", "").replace(".", "").replace("_", "").isalnum() or not name.isascii():
        raise ConfigError(f"{name!r}: letters, digits, `.`, `-` and `_` only; it becomes a topic's part")
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    if certificate.exists():
        raise ConfigError(f"{certificate} exists; move it away first, and revoke it if the device was lost")
    issuer, signer = authority(folder)
    own = ec.generate_private_key(ec.SECP256R1())
    purpose = ExtendedKeyUsageOID.SERVER_AUTH if addresses else ExtendedKeyUsageOID.CLIENT_AUTH
    draft = (
        started(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), issuer.subject, own, DEVICE)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    )
    if addresses:
        names = [general_name(address) for address in addresses]
        draft = draft.add_extension(x509.SubjectAlternativeName(names), critical=False)
    write_key(key, own)
    certificate.write_bytes(draft.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return certificate, key


def authority(folder: Path) -> tuple[x509.Certificate, EllipticCurvePrivateKey]:
    certificate, key = folder / "ca.crt", folder / "ca.key"
    if certificate.exists():
        loaded = serialization.load_pem_private_key(key.read_bytes(), None)
        if not isinstance(loaded, EllipticCurvePrivateKey):
            raise ConfigError(f"{key}: not a key that this gateway made")
        return x509.load_pem_x509_certificate(certificate.read_bytes()), loaded
    folder.mkdir(parents=True, exist_ok=True)
    own = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Evidence gateway devices")])
    made = (
        started(name, name, own, AUTHORITY)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(own, hashes.SHA256())
    )
    write_key(key, own)
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return made, own


def started(
    subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey, span: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + span)
    )


def general_name(address: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(address))
    except ValueError:
        return x509.DNSName(address)


def write_key(path: Path, key: EllipticCurvePrivateKey) -> None:
    """Readable by its owner alone, from its first byte on."""
    content = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
