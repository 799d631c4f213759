"""The demo server over a real socket."""

from __future__ import annotations

import gzip
import http.client
import socket

import pytest

from scraper.demo.content import load
from scraper.demo.server import DemoServer
from scraper.demo.site import build

HOST = "harborledger.example"


@pytest.fixture
def server():
    with DemoServer.start() as running:
        yield running


@pytest.fixture
def connection(server):
    line = http.client.HTTPConnection(*server.address, timeout=5)
    yield line
    line.close()


def ask(connection, target="/", host=HOST, method="GET", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, target, headers={"Host": host, **named})
    answer = connection.getresponse()
    return answer, answer.read()


def test_hosts_are_virtual_and_the_connection_is_kept(connection):
    bodies = set()
    for outlet in load().outlets.values():
        front = outlet.front_page.removeprefix(f"http://{outlet.domain}")
        answer, body = ask(connection, front, host=f"{outlet.domain}:8080")
        assert answer.status == 200
        assert not answer.will_close
        assert outlet.name.encode() in body
        bodies.add(body)
    assert len(bodies) == len(load().outlets)
    assert ask(connection, host="elsewhere.example")[0].status == 404


def test_conditional_requests_get_304_without_a_body(server, connection):
    first, body = ask(connection)
    assert body
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    for condition in ({"If_None_Match": etag}, {"If_Modified_Since": modified}):
        again, nothing = ask(connection, **condition)
        assert (again.status, nothing) == (304, b"")
        assert again.headers["ETag"] == etag
    assert ask(connection, If_None_Match='"other"', If_Modified_Since=modified)[0].status == 200
    assert ask(connection, If_Modified_Since="not a date")[0].status == 200
    assert server.hits == {(HOST, "/", 200): 3, (HOST, "/", 304): 2}


def test_gzip_only_where_it_is_accepted(connection):
    plain, body = ask(connection)
    packed, data = ask(connection, Accept_Encoding="gzip, deflate")
    assert plain.headers["Content-Encoding"] is None
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(data) == body
    assert len(data) < len(body)


def test_head_has_the_length_and_no_body(connection):
    answer, body = ask(connection, method="HEAD")
    assert body == b""
    assert int(answer.headers["Content-Length"]) == len(build(1).get(HOST, "/").body)


def test_the_edition_can_be_switched_at_run_time(server, connection):
    article = next(a for a in load().articles if a.revision and a.revision.kind == "correction")
    host = article.outlet.domain
    first, before = ask(connection, article.path, host=host)
    server.set_edition(2)
    etag = first.headers["ETag"]
    second, after = ask(connection, article.path, host=host, If_None_Match=etag)
    assert second.status == 200
    assert article.revision.note.encode() in after
    assert article.revision.note.encode() not in before
    server.set_edition(1)
    assert ask(connection, article.path, host=host)[1] == before


def test_a_proxy_style_request_names_its_host_in_the_target(server):
    with socket.create_connection(server.address, timeout=5) as line:
        line.sendall(f"GET http://{HOST}/robots.txt HTTP/1.0\r\nHost: x.example\r\n\r\n".encode())
        assert line.makefile("rb").readline().split()[1] == b"200"
    assert server.hits == {(HOST, "/robots.txt", 200): 1}


def test_a_taken_port_is_an_error_and_stop_frees_it(server):
    _, port = server.address
    with pytest.raises(OSError, match="in use"):
        DemoServer.start(port)
    other = DemoServer.start()
    _, freed = other.address
    other.stop()
    with DemoServer.start(freed) as again:
        assert again.address == ("127.0.0.1", freed)
