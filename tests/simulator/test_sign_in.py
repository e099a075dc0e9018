"""Tokens, and who may do what with them."""

from __future__ import annotations

import time
from datetime import timedelta

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.simulator.conftest import EXPORT, FILE, GROUPS, Caller

STATUS = f"/api/connector/jobstatus/{FILE}?jobId=x"
DETAILS = "/data/DataManagementExecutionJobDetails?$filter=JobId eq 'x'"
BY_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def test_a_token_is_good_for_connector_and_data(caller: Caller) -> None:
    assert caller.call("GET", f"/api/connector/dequeue/{EXPORT}").status_code == 204
    assert caller.call("GET", DETAILS).status_code == 200


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"client_secret": "wrong"}, 401),
        ({"client_secret": ""}, 401),
        ({"client_id": "c9c9c9c9-1111-4222-8333-444444444444"}, 400),
        ({"grant_type": "password"}, 400),
        ({"scope": "no default"}, 400),
    ],
)
def test_a_sign_in_that_does_not_fit_is_refused(caller: Caller, changes: dict[str, str], status: int) -> None:
    answer = caller.sign_in(**changes)
    assert answer.status_code == status
    assert "access_token" not in answer.json()


def test_another_tenant_is_not_found(caller: Caller) -> None:
    caller.world.tenant_id = "another"
    form = {"grant_type": "client_credentials", "client_id": caller.world.client_id, "resource": caller.base}
    answer = requests.post(f"{caller.base}/the-first/oauth2/token", data=form, timeout=10)
    assert "AADSTS90002" in answer.json()["error_description"]


@pytest.mark.parametrize("token", ["", "x", "not.a.token", "e30.e30.", "é.b.c".encode().decode("latin-1")])
def test_a_token_of_someone_else_is_refused_everywhere(caller: Caller, token: str) -> None:
    assert [caller.call("GET", path, token=token).status_code for path in (STATUS, DETAILS)] == [401, 401]


def test_a_token_that_was_tampered_with_is_refused(caller: Caller) -> None:
    head, claims, signature = caller.token.split(".")
    assert caller.call("GET", STATUS, token=f"{head}.{claims[:-3]}AAA.{signature}").status_code == 401


def test_an_audience_with_a_double_slash_is_refused(caller: Caller) -> None:
    odd = caller.sign_in(scope=f"{caller.base}//.default").json()["access_token"]
    assert caller.call("GET", DETAILS, token=odd).status_code == 401


def test_a_token_ends_on_the_virtual_clock(caller: Caller) -> None:
    caller.world.clock.advance(caller.world.token_lifetime - timedelta(seconds=1))
    assert caller.call("GET", DETAILS).status_code == 200
    caller.world.clock.advance(timedelta(seconds=1))
    assert caller.call("GET", DETAILS).status_code == 401


def test_a_client_outside_the_jobs_policy_is_refused_on_the_connector_only(caller: Caller) -> None:
    caller.world.jobs[FILE].policy = {"someone else"}
    assert caller.post_file().status_code == 401
    assert caller.call("GET", DETAILS).status_code == 200


def test_a_client_that_is_not_mapped_is_refused_everywhere_with_403(caller: Caller) -> None:
    caller.world.mapped_clients.clear()
    assert [caller.post_file().status_code, caller.call("GET", DETAILS).status_code] == [403, 403]


def test_an_unknown_activity_is_answered_with_500(caller: Caller) -> None:
    unknown = "99999999-9999-4999-8999-999999999999"
    assert caller.call("POST", f"/api/connector/enqueue/{unknown}{GROUPS}").status_code == 500
    assert caller.call("GET", f"/api/connector/dequeue/{unknown}").status_code == 500


def test_an_environment_on_premises_sends_everyone_to_a_login_page(caller: Caller) -> None:
    caller.world.on_premises = True
    answers = [caller.post_file(), caller.call("GET", DETAILS), caller.act("GetMessageStatus", messageId="x")]
    assert [answer.status_code for answer in answers] == [302, 302, 302]


def test_the_v1_token_endpoint_works_too(caller: Caller) -> None:
    form = {
        "client_id": caller.world.client_id,
        "client_secret": caller.world.client_secret,
        "resource": caller.base,
        "grant_type": "client_credentials",
    }
    answer = requests.post(f"{caller.base}/{caller.world.tenant_id}/oauth2/token", data=form, timeout=10)
    assert caller.call("GET", DETAILS, token=answer.json()["access_token"]).status_code == 200


def test_a_managed_identity_signs_in_by_the_app_services_endpoint(caller: Caller) -> None:
    url, header = f"{caller.base}/msi/token", {"X-IDENTITY-HEADER": "any"}
    query = {"api-version": "2019-08-01", "resource": caller.base, "client_id": caller.world.managed_identity_client_id}
    token = requests.get(url, params=query, headers=header, timeout=10).json()["access_token"]
    assert caller.call("GET", f"/api/connector/dequeue/{EXPORT}", token=token).status_code == 204
    refused = [
        requests.get(url, params=query, timeout=10),
        requests.get(url, params=query | {"api-version": "2017-09-01"}, headers=header, timeout=10),
        requests.get(url, params=query | {"client_id": "unknown"}, headers=header, timeout=10),
    ]
    assert [answer.status_code for answer in refused] == [400, 400, 400]


def test_a_certificates_assertion_is_checked_against_the_key_that_the_world_knows(caller: Caller) -> None:
    good, other = (rsa.generate_private_key(public_exponent=65537, key_size=2048) for _ in range(2))
    pem = good.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    caller.world.add_client("certified", public_key_pem=pem.decode())

    def status(key: rsa.RSAPrivateKey, issuer: str = "certified") -> int:
        claims = {"iss": issuer, "sub": issuer, "aud": caller.base, "exp": time.time() + 600}
        assertion = jwt.encode(claims, key, algorithm="RS256")
        return caller.sign_in(
            client_id="certified", client_secret="", client_assertion_type=BY_ASSERTION, client_assertion=assertion
        ).status_code

    assert [status(good), status(other), status(good, "someone else")] == [200, 401, 401]


def test_discovery_names_the_token_endpoint(caller: Caller) -> None:
    path = f"{caller.base}/{caller.world.tenant_id}/v2.0/.well-known/openid-configuration"
    told = requests.get(path, timeout=10).json()
    assert told["token_endpoint"] == f"{caller.base}/{caller.world.tenant_id}/oauth2/v2.0/token"
