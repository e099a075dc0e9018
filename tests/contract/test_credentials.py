"""Every kind of sign-in keeps the same promises, each against the simulator's token endpoints over HTTP or TLS."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.pipeline.transport import RequestsTransport
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

from shared.adapters.d365.auth import RENEW_BEFORE, TokenSource, credential_for
from shared.errors import AccessRefused, Transient
from shared.settings import AuthKind, ErpSettings
from tests.builders import ManualClock

#: A kind of sign-in, and how a certificate is given: as a file, or in a setting as Key Vault gives it out.
KINDS = [
    (AuthKind.MANAGED_IDENTITY, ""),
    (AuthKind.CERTIFICATE, "file"),
    (AuthKind.CERTIFICATE, "pem"),
    (AuthKind.CERTIFICATE, "pfx"),
    (AuthKind.CLIENT_SECRET, ""),
    (AuthKind.LOCAL, ""),
]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate with its key, for the TLS side of the token endpoint and for signing in."""
    import ipaddress

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "courier test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


def _in_a_setting(pem: bytes, form: str) -> str:
    """A certificate as the app setting holds it: PEM, or the PKCS #12 that Key Vault makes, in base64."""
    if form == "pem":
        return pem.decode()
    key = serialization.load_pem_private_key(pem, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    plain = serialization.NoEncryption()
    pfx = pkcs12.serialize_key_and_certificates(None, key, x509.load_pem_x509_certificate(pem), None, plain)
    return base64.b64encode(pfx).decode()


@pytest.fixture(params=KINDS, ids=lambda kind: "-".join(filter(None, kind)))
def sign_in(
    request: pytest.FixtureRequest, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Any, Callable[[], TokenSource], ManualClock]]:
    """(simulator, maker of token sources, clock) for one kind of credential."""
    from local.simulator import Simulator

    kind, form = request.param
    tls = (str(certificate), str(certificate)) if kind in {AuthKind.CERTIFICATE, AuthKind.CLIENT_SECRET} else None
    clock = ManualClock()
    with Simulator(tls=tls) as simulator:
        world = simulator.world
        clock.now = world.clock.now()
        identity_id = getattr(world, "managed_identity_client_id", "")
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{simulator.url}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", "local-test")
        erp = ErpSettings(
            environment="local",
            base_url=simulator.url,
            auth=kind,
            tenant_id=world.tenant_id,
            client_id=identity_id if kind is AuthKind.MANAGED_IDENTITY else world.client_id,
            client_secret=world.client_secret,
            certificate=_in_a_setting(certificate.read_bytes(), form) if form in {"pem", "pfx"} else "",
            certificate_path=str(certificate) if form == "file" else "",
            token_url=f"{simulator.url}/{world.tenant_id}/oauth2/v2.0/token",
            authority=simulator.url,
        )
        transport = RequestsTransport(connection_verify=str(certificate) if tls else True)
        options: dict[str, Any] = {"transport": transport}
        if tls:
            options["disable_instance_discovery"] = True
        if kind is AuthKind.CERTIFICATE:
            options["send_certificate_chain"] = False
        yield (
            simulator,
            lambda: TokenSource(f"{simulator.url}/.default", lambda: credential_for(erp, **options), clock),
            clock,
        )
        transport.close()


def _token_calls(simulator: Any) -> int:
    return sum(1 for _, path, status in simulator.world.calls if path.endswith("/token") and status == 200)


def test_a_token_is_kept_until_shortly_before_its_end(sign_in: Any) -> None:
    simulator, make, clock = sign_in
    tokens = make()
    first = tokens.bearer()
    assert first
    assert tokens.bearer() == first
    clock.advance(timedelta(hours=1) - RENEW_BEFORE - timedelta(minutes=1))
    assert tokens.bearer() == first
    assert _token_calls(simulator) == 1


def test_a_refused_token_is_replaced_by_a_fresh_one(sign_in: Any) -> None:
    simulator, make, _ = sign_in
    tokens = make()
    refused = tokens.bearer()
    fresh = tokens.bearer(refused=refused)
    assert fresh != refused
    assert tokens.bearer(refused=refused) == fresh
    assert _token_calls(simulator) == 2


def test_a_failing_sign_in_is_one_sentence_without_the_secret(sign_in: Any) -> None:
    simulator, make, _ = sign_in
    simulator.world.faults.add(
        "token", "status", times=20, code=400, body='{"error":"invalid_client","error_description":"AADSTS7000222"}'
    )
    started = time.monotonic()
    with pytest.raises((AccessRefused, Transient)) as caught:
        make().bearer()
    assert simulator.world.client_secret not in str(caught.value)
    assert len(str(caught.value)) < 700
    assert time.monotonic() - started < 60


@pytest.mark.parametrize("text", ["@Microsoft.KeyVault(SecretUri=https://v.vault.azure.net/secrets/x)", "s3cret!"])
def test_a_setting_that_is_no_certificate_is_told_and_not_shown(text: str) -> None:
    erp = ErpSettings(
        environment="e", base_url="https://e", auth=AuthKind.CERTIFICATE, tenant_id="t", client_id="c", certificate=text
    )
    tokens = TokenSource("https://e/.default", lambda: credential_for(erp), ManualClock())
    with pytest.raises(AccessRefused, match="D365_CERTIFICATE is neither PEM nor a PFX") as caught:
        tokens.bearer()
    assert text not in str(caught.value)
