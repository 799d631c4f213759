from __future__ import annotations

import asyncio

import httpx2
import pytest
from fastapi import FastAPI

from dashboard.client import ApiError, Client


def answering(answer: httpx2.Response | Exception) -> Client:
    def handle(_request: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return Client(httpx2.MockTransport(handle), "http://localhost")


def refused(client: Client) -> ApiError:
    with pytest.raises(ApiError) as caught:
        asyncio.run(client.pipeline())
    return caught.value


def test_an_api_that_is_down_has_no_status() -> None:
    error = refused(answering(httpx2.ConnectError("refused")))
    assert (error.code, error.status) == ("api-down", None)


def test_an_api_that_is_slow_says_so() -> None:
    error = refused(answering(httpx2.ReadTimeout("slow")))
    assert (error.code, error.status) == ("api-slow", None)


def test_a_problem_document_keeps_its_words() -> None:
    body = {"code": "bad-cursor", "detail": "start again", "status": 400}
    error = refused(answering(httpx2.Response(400, json=body)))
    assert (error.code, error.detail, error.status) == ("bad-cursor", "start again", 400)


def test_an_answer_that_is_no_json_is_a_failure() -> None:
    error = refused(answering(httpx2.Response(200, text="<html>proxy page</html>")))
    assert error.status == 200


def test_ids_are_quoted_into_one_path_part() -> None:
    seen: list[str] = []

    def handle(request: httpx2.Request) -> httpx2.Response:
        seen.append(request.url.raw_path.decode())
        return httpx2.Response(200, json={})

    asyncio.run(Client(httpx2.MockTransport(handle), "http://localhost").article("a/b?c#d"))
    assert seen == ["/v1/articles/a%2Fb%3Fc%23d"]


def test_outlets_are_read_to_the_last_page(small_api: FastAPI) -> None:
    rows = [{"publisher_id": str(n)} for n in range(450)]

    def handle(request: httpx2.Request) -> httpx2.Response:
        start = int(request.url.params.get("cursor", 0))
        end = start + int(request.url.params["limit"])
        following = str(end) if end < len(rows) else None
        return httpx2.Response(200, json={"data": rows[start:end], "next_cursor": following})

    found = asyncio.run(Client(httpx2.MockTransport(handle), "http://localhost").outlets())
    assert found == rows
    assert len(asyncio.run(Client.in_process(small_api).outlets())) == 6
