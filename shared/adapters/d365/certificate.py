"""Until when the certificate is good that the app signs in with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from shared.errors import FaultyConfiguration


def certificate_ends_at(path: str) -> datetime:
    """The end of the certificate in a PEM or PFX file. Raises FaultyConfiguration when there is none to read."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12

    try:
        content = Path(path).read_bytes()
        if b"-----BEGIN CERTIFICATE-----" in content:
            return x509.load_pem_x509_certificate(content).not_valid_after_utc
        found = pkcs12.load_key_and_certificates(content, None)[1]
    except (OSError, ValueError) as error:
        raise FaultyConfiguration(
            "app settings", [f"D365_CERTIFICATE_PATH: {path} is no certificate: {error}"]
        ) from error
    if found is None:
        raise FaultyConfiguration("app settings", [f"D365_CERTIFICATE_PATH: {path} has a key and no certificate"])
    return found.not_valid_after_utc
