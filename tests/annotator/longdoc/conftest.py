"""A server in the shape of OpenAI's chat API that solves the harness's tasks from the prompt."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from newsroom.settings import Llm


@dataclass
class Scripted:
    """``spoil`` is how many of the next answers are spoilt, and how."""

    url: str
    asked: list[dict] = field(default_factory=list)
    spoil: list[str] = field(default_factory=list)

    @property
    def llm(self) -> Llm:
        return Llm(base_url=self.url, model="scripted", concurrency=4, timeout_s=10)

    def answer(self, request: Request) -> Response:
        body = json.loads(request.data)
        self.asked.append(body)
        how = self.spoil.pop() if self.spoil else ""
        if how == "refuse":
            return Response("no", status=422)
        told, user = (m["content"] for m in body["messages"])
        text = "not JSON" if how == "garble" else json.dumps(solve(told, user))
        reply = {
            "id": "1", "object": "chat.completion", "model": body["model"],
            "choices": [{"index": 0, "finish_reason": "stop",
                         "message": {"role": "assistant", "content": text}}],
            "usage": {"prompt_tokens": len(user.split()), "completion_tokens": 3},
        }  # fmt: skip
        return Response(json.dumps(reply), content_type="application/json")


def solve(told: str, user: str) -> dict:
    lines = user.splitlines()
    if "odd or even" in told:
        odd = sum(("yes" in x) or x == "odd" for x in lines) % 2
        return {"answer": ("even", "odd")[odd]}
    if "final order" in told:
        steps = [[int(n) for n in re.findall(r"\d", x)] for x in lines]
        return {"answer": " ".join(map(str, reduce(lambda a, b: [a[i - 1] for i in b], steps)))}
    if "word same" in told:
        before = re.match(r"Before the first line: (\w+)\.", lines[0])
        names = []
        for x in lines[1:] if before else lines:
            named = re.search(r"said (\w+)\.", x)
            names.append(
                named[1] if named else names[-1] if names else before[1] if before else "same"
            )
        return {"answers": names}
    if "named last" in told:
        return {"answer": next((x for x in reversed(lines) if x != "same"), "same")}
    if "look up next" in told:
        start = re.search(r"Start at (.+?)\. Give its (.+)\.", user)
        relations = start[2].split(", then its ")
        known = re.findall(r"Answer \d+: (.+)", user)
        return {"entity": known[-1] if known else start[1], "relation": relations[len(known)]}
    asked = re.match(r"What is the (.+?) of (.+?)\? Give", told)
    for x in lines:
        if asked and (found := re.fullmatch(rf"The {asked[1]} of {asked[2]} is (.+)\.", x)):
            return {"value": found[1], "quote": x}
    return {"value": None, "quote": None}


@pytest.fixture
def scripted(httpserver: HTTPServer) -> Iterator[Scripted]:
    server = Scripted(url=httpserver.url_for("/v1"))
    httpserver.expect_request("/v1/chat/completions", method="POST").respond_with_handler(
        server.answer
    )
    return server
