from __future__ import annotations

import json

from scraper.demo.content import load
from scraper.demo.site import build
from scraper.demo.truth import TRUTH_FILE, as_json, truth


def test_the_committed_file_is_what_the_stories_say():
    assert TRUTH_FILE.read_text() == as_json(truth()), "run python -m scraper.demo.truth"


def test_truth_names_every_article_and_its_text():
    known = json.loads(TRUTH_FILE.read_text())
    texts = {a.url: [s.text for s in a.sentences] for a in load().articles}
    assert {a["url"]: [s["text"] for s in a["sentences"]] for a in known["articles"]} == texts
    assert all(len(a["paragraph_of"]) == len(a["sentences"]) for a in known["articles"])


def test_chains_end_in_their_final_value():
    known = json.loads(TRUTH_FILE.read_text())
    dam = next(story for story in known["stories"] if story["story_id"] == "dam")
    toll = next(chain for chain in dam["superseded"] if chain["slot"] == "death toll")
    assert [value["value"] for value in toll["values"]] == ["3", "7", "9"]
    assert toll["final"] == "9"
    dividend = next(fact for fact in dam["facts"] if fact["fact_id"] == "dividend")
    assert dividend["reported_by"] == ["harborledger", "progressdocket"]
    assert "republicsentinel" in dividend["left_out_by"]


def test_copies_point_at_the_first_source_and_targets_exist():
    known = json.loads(TRUTH_FILE.read_text())
    urls = {article["url"] for article in known["articles"]}
    copies = [article["copy_of"] for article in known["articles"] if article["copy_of"]]
    assert copies
    assert set(copies) <= urls
    for page in known["pages"]:
        assert (page["target"] in urls) == (page["expected"] == "article")


def test_the_site_serves_the_headlines_of_the_truth():
    site = build(1)
    served = {f"http://{host}{target}" for host, target in site.pages}
    known = json.loads(TRUTH_FILE.read_text())
    assert {article["url"] for article in known["articles"]} <= served
