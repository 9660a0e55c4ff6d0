"""The way to OPSCOM: certificates, proxies, deadlines, and connections that must not be used again."""

import importlib.util
import sys
import time
from contextlib import contextmanager

import pytest
import requests
from controller import Controller, Fault
from delivering import CLIENT, TOKEN, Ticks, permits, push, users
from tunnels import CERTIFICATE, Proxy, TlsHost

from importer.delivery.http import Connection, Phase, elapsed
from importer.delivery.wire import TrackingAdapter, Wire
from importer.errors import SettingsError

PATH = f"api/{CLIENT}/v1/profiles/push"
NAMED = "https://controller.test"
LOOK = "Check the host, and what stands between it and you."
UNTRUSTED = "The certificate of the host is not to be trusted."
PASSWORD = (
    "The proxy asks for a name and a password: write them into HTTPS_PROXY, as in "
    "http://name:password@proxy.campus.example:3128."
)
SOCKS = "The proxy that the environment names is a SOCKS proxy, which needs the package PySocks."
WITHOUT_SOCKS = pytest.mark.skipif(
    importlib.util.find_spec("socks") is not None, reason="PySocks is here"
)
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch):
    for name in (*PROXIES, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def trusted(monkeypatch):
    """Let the campus's own bundle hold the certificate of these tests."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATE))


@contextmanager
def behind_proxy(monkeypatch, plan=None, *, plain=False, **more):
    """Run a controller behind TLS, and a proxy on the way to it, which the environment names."""
    with (
        Controller(plan) as controller,
        TlsHost(controller.url, plain=plain) as host,
        Proxy(host.url, **more) as proxy,
    ):
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        yield controller, host, proxy


# Certificates


def refused(journal, controller, host, url, workers=1):
    """Push where the way is barred; return why the run stopped, with nothing sent of any row."""
    done = push(url, journal, "permits", permits(4), workers=workers)
    assert controller.requests == 0
    assert set(done.states.values()) == {"not sent"}
    assert b"POST" not in host.heard
    assert TOKEN.encode() not in host.heard
    return done.stopped


@pytest.mark.parametrize("workers", [1, 16])
def test_a_certificate_nobody_vouches_for_stops_the_run_with_nothing_sent(journal, workers):
    with Controller() as controller, TlsHost(controller.url) as host:
        assert refused(journal, controller, host, host.url, workers) == f"{UNTRUSTED} {LOOK}"
        assert host.connections <= workers


@pytest.mark.parametrize(
    ("plain", "proxy", "to", "why"),
    [
        (True, "200 OK", None, "The host answers in plain http where https is asked for."),
        (False, "200 OK", "https://other.test", UNTRUSTED),
        (False, "407 Proxy Authentication Required", NAMED, PASSWORD),
        (True, "the host", NAMED, "The proxy speaks plain http: begin HTTPS_PROXY with http://."),
        pytest.param(False, "socks5://127.0.0.1:9", NAMED, SOCKS, marks=WITHOUT_SOCKS),
    ],
    ids=["plain host", "another name", "password", "plain proxy", "socks"],
)
def test_what_bars_the_way_is_named_at_once_and_nothing_is_sent(
    journal, trusted, monkeypatch, plain, proxy, to, why
):
    with behind_proxy(monkeypatch, plain=plain, status=proxy) as (controller, host, campus):
        if "://" in proxy:
            monkeypatch.setenv("HTTPS_PROXY", proxy)
        if proxy == "the host":
            monkeypatch.setenv("HTTPS_PROXY", host.url)
        assert refused(journal, controller, host, to or host.url) == f"{why} {LOOK}"
        assert host.connections + len(campus.asked) <= 2


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_loopback_never_goes_through_a_proxy(journal, trusted, monkeypatch, tls):
    with behind_proxy(monkeypatch) as (controller, host, proxy):
        for name in ("HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        done = push(host.url if tls else controller.url, journal, "users", users(2))
    assert set(done.states.values()) == {"pushed"}
    assert proxy.asked == []


def test_a_handshake_that_breaks_off_is_no_certificate_error_and_is_tried_again(journal, trusted):
    with Controller() as controller, TlsHost(controller.url, breaks=2) as host:
        done = push(host.url, journal, "permits", permits(2))
        assert controller.requests == 2
    assert done.states == {0: "pushed", 1: "pushed"}
    assert done.stopped is None


@pytest.mark.parametrize("through", [None, "http", "https"], ids=["host", "proxy", "tls-proxy"])
@pytest.mark.parametrize(
    "fault",
    [Fault("lost"), Fault("cut-body"), Fault("hang"), Fault("drip", seconds=0.5)],
    ids=["lost", "cut-body", "hang", "drip"],
)
def test_an_answer_lost_behind_tls_leaves_a_permit_unknown_when_its_time_is_over(
    journal, trusted, monkeypatch, fault, through
):
    plan, tls = {("P0", 1): fault}, through == "https"
    with behind_proxy(monkeypatch, plan, tls=tls) as (controller, host, _):
        url = NAMED if through else host.url
        done = push(url, journal, "permits", permits(2), timeout=0.8)
        assert len(controller.entries("P0")) == 1
    assert done.states == {0: "unknown", 1: "pushed"}


# Proxies


@pytest.mark.parametrize("tls", [False, True], ids=["http", "https"])
def test_the_proxy_of_the_campus_is_honoured_for_https(journal, trusted, monkeypatch, tls):
    with behind_proxy(monkeypatch, tls=tls) as (controller, _, proxy):
        done = push(NAMED, journal, "users", users(3))
        assert controller.requests == 3
    assert set(done.states.values()) == {"pushed"}
    assert [line.rpartition(" ")[0] for line in proxy.asked] == ["CONNECT controller.test:443"]
    assert TOKEN.encode() not in proxy.heard


@pytest.mark.parametrize("status", ["403 Forbidden", "502 No"])
def test_a_proxy_that_says_no_ends_the_run_with_nothing_sent(journal, trusted, monkeypatch, status):
    with behind_proxy(monkeypatch, status=status) as (controller, *_):
        done = push(NAMED, journal, "permits", permits(2))
        assert controller.requests == 0
    assert set(done.states.values()) == {"not sent"}
    assert done.stopped == (
        "The proxy did not let the connection through. One row was tried 6 times. Check your "
        "network and the host, or wait until OPSCOM answers again."
    )


def test_a_proxy_that_drips_does_not_outlast_the_time_of_a_row(trusted, monkeypatch):
    with behind_proxy(monkeypatch, drips=1.0) as (controller, *_):
        connection = Connection(NAMED, timeout=0.5, whole=True)
        reply = connection.send({"plate": "A"})
        connection.close()
        assert controller.requests == 0
    assert reply.phase is Phase.NOT_LEFT


# Deadlines


def test_a_request_whose_time_is_over_before_its_first_byte_never_leaves():
    with Controller() as controller:
        wire = Wire()
        adapter = TrackingAdapter(wire, None)
        wire.begin(-1)
        request = requests.Request("POST", controller.url, data=b"{}").prepare()
        with pytest.raises(requests.RequestException):
            adapter.send(request, timeout=5)
        adapter.close()
        assert not wire.left
    assert controller.requests == 0


# Connections


@pytest.mark.parametrize(("rest", "connections"), [(1.9, 1), (2.1, 2)], ids=["short", "long"])
def test_a_connection_that_rested_for_more_than_two_seconds_is_not_used_again(rest, connections):
    ticks = Ticks()
    with Controller() as controller:
        connection = Connection(f"{controller.url}/{PATH}", timeout=5, clock=ticks)
        connection.send({"unique_id": "1"})
        ticks.now += rest
        connection.send({"unique_id": "2"})
        connection.close()
        assert controller.connections == connections


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="only Linux has this clock")
def test_the_time_that_a_laptop_slept_counts_as_rest():
    before, told = time.clock_gettime(time.CLOCK_BOOTTIME), elapsed()
    assert before <= told <= time.clock_gettime(time.CLOCK_BOOTTIME)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("103 Early Hints", ""),
        ("204 No Content", ""),
        ("200 OK", ""),
        ("502 Bad Gateway", "<html>"),
        ("504 Gateway Timeout", '{"message": "upstream timed out"}'),
        ("408 Request Timeout", '{"status": 408}'),
        ("200 OK", '{"ok": true}'),
        ("200 OK", '{"status": "pending"}'),
    ],
)
def test_a_late_answer_to_one_row_is_never_taken_for_the_answer_to_the_next(journal, status, body):
    first = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    with Controller({("P0", 1): Fault("overtaken", body=first)}) as controller:
        done = push(controller.url, journal, "permits", permits(2))
    assert done.states == {0: "unknown", 1: "pushed"}
    assert done.outcomes[1].reference_id == controller.ledger[1].reference_id


@pytest.mark.skipif(sys.platform == "win32", reason="Windows measures memory in another way")
def test_a_huge_answer_does_not_fill_the_memory(journal):
    import resource

    head = "HTTP/1.1 200 OK\r\nContent-Length: 64000000\r\n\r\n"
    with Controller({("P0", 1): Fault("raw", body=head + " " * 64_000_000)}) as controller:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        done = push(controller.url, journal, "permits", permits(1))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert done.states == {0: "unknown"}
    # The controller's own copy of these bytes is the 64 MB; ours would come on top of it.
    assert after - before < 150_000 * (1024 if sys.platform == "darwin" else 1)


# The token


@pytest.mark.parametrize(
    "form",
    [
        "a/b+c&d<e>\"f'g",
        "a\\/b+c&d<e>\\\"f'g",
        "a%2Fb%2Bc%26d%3Ce%3E%22f%27g",
        "a%2fb%2bc%26d%3ce%3e%22f%27g",
        "a/b+c&amp;d&lt;e&gt;&quot;f&#x27;g",
        "a/b+c\\u0026d\\u003ce\\u003e\\u0022f\\u0027g",
        "".join(f"\\u{ord(c):04X}" for c in "a/b+c&d<e>\"f'g"),
        "&#97;/b+c&#38;d&#x003C;e&gt;&quot;f&#039;g",
    ],
    ids=["plain", "php-json", "url", "url-in-lower-case", "html", "json-hex", "all-hex", "numbers"],
)
def test_no_journal_holds_a_token_that_comes_back_or_a_value_and_none_but_its_owner_reads_it(
    journal, form
):
    token = "a/b+c&d<e>\"f'g"
    inside = form.replace('"', '\\"') if '"' in form and "\\" not in form else form
    body = f'{{"ErrorCode": "{inside}", "ErrorMessage": "no: {inside}"}}'
    with Controller({("U0", 1): Fault("answer", body=body)}) as controller:
        rows = users(1, last_name="Canaryname")
        done = push(controller.url, journal, "users", rows, token=token)
    raw = b"".join(path.read_bytes() for path in journal.parent.iterdir())
    assert b"Canaryname" not in raw
    assert (done.outcomes[0].code, done.outcomes[0].message) == ("[API token]", "no: [API token]")
    if sys.platform != "win32":
        assert all(path.stat().st_mode & 0o077 == 0 for path in journal.parent.iterdir())
    for trace in (form, token, inside):
        assert trace.encode() not in raw


def test_a_short_token_leaves_an_id_that_holds_it_whole(journal):
    told = '{"status": "success", "reference_id": "1a9b-OC2024-cb75"}'
    with Controller({("U0", 1): Fault("answer", body=told)}) as controller:
        done = push(controller.url, journal, "users", users(1), token="2024")
    assert done.outcomes[0].reference_id == "1a9b-OC2024-cb75"


@pytest.mark.parametrize("content", [None, "no certificates"], ids=["absent", "not PEM"])
def test_a_bundle_of_certificates_that_cannot_be_read_is_named_before_anything_is_sent(
    tmp_path, journal, monkeypatch, content
):
    bundle = tmp_path / "campus.pem"
    if content:
        bundle.write_text(content)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with Controller() as controller, TlsHost(controller.url) as host:
        with pytest.raises(SettingsError) as found:
            push(host.url, journal, "users", users(1))
        assert host.connections == 0
    why = "are not PEM" if content else "No such file or directory"
    assert str(found.value) == (
        f"The certificates that REQUESTS_CA_BUNDLE (or CURL_CA_BUNDLE) names cannot be read: {bundle} "
        f"({why}). Correct the path, or take the variable out of the environment."
    )
