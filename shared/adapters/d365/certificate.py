"""The certificate that the app signs in with: from a setting, as Key Vault gives it out, or from a file."""

from __future__ import annotations

import base64
from datetime import datetime
from pathlib import Path

from shared.errors import FaultyConfiguration
from shared.settings import ErpSettings


def certificate_of(erp: ErpSettings) -> bytes:
    """The certificate with its private key, PEM or PFX.

    Raises OSError for a file that cannot be read, ValueError for a setting that holds neither PEM nor a PFX in
    base64, such as a Key Vault reference that the platform could not resolve.
    """
    if not erp.certificate:
        return Path(erp.certificate_path).read_bytes()
    if "-----BEGIN" in erp.certificate:
        return erp.certificate.encode()
    try:
        return base64.b64decode(erp.certificate, validate=True)
    except ValueError:
        raise ValueError(
            "D365_CERTIFICATE is neither PEM nor a PFX in base64. In Azure: is its Key Vault reference resolved"
        ) from None


def certificate_ends_at(erp: ErpSettings) -> datetime:
    """The end of the certificate. Raises FaultyConfiguration when there is none to read."""
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import pkcs12

    setting = "D365_CERTIFICATE" if erp.certificate else "D365_CERTIFICATE_PATH"
    try:
        content = certificate_of(erp)
        if b"-----BEGIN CERTIFICATE-----" in content:
            return x509.load_pem_x509_certificate(content).not_valid_after_utc
        found = pkcs12.load_key_and_certificates(content, None)[1]
    except (OSError, ValueError) as error:
        raise FaultyConfiguration("app settings", [f"{setting}: no certificate can be read: {error}"]) from error
    if found is None:
        raise FaultyConfiguration("app settings", [f"{setting}: a key is there and no certificate"])
    return found.not_valid_after_utc
