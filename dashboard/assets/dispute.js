// A dispute goes from the reader's browser straight to the API, under the key that was typed in.
// The key lives in its field and in this one request; nothing keeps it.
(function () {
  var last = { body: null, id: null };

  function value(id) {
    return document.getElementById(id).value.trim();
  }

  function answered(kind, parts) {
    var place = document.getElementById("dispute-answer");
    place.className = "dispute-answer notice notice-" + kind;
    place.replaceChildren.apply(place, parts);
  }

  function refused(id, words) {
    answered("unread", [words]);
    document.getElementById(id).focus();
  }

  // What to do next, where the API's own words do not say it.
  var HINTS = {
    401: " Check that the whole key was pasted, and that it has not run out.",
    403: " Ask for a key with the scope “dispute”.",
    429: " Wait a minute, then send it again.",
  };

  // The same dispute sent twice, say by a double click, is one.
  function idOf(body) {
    if (last.body !== body) {
      var digits = crypto.getRandomValues(new Uint8Array(16));
      last = {
        body: body,
        id: Array.from(digits, function (n) { return n.toString(16).padStart(2, "0"); }).join(""),
      };
    }
    return last.id;
  }

  async function sent(form) {
    var question = value("dispute-label").split("/");
    var number = value("dispute-sentence");
    var body = {
      article_id: form.dataset.article,
      run: form.dataset.run,
      stage: question[0],
      scope: question[1],
      wrong: value("dispute-wrong"),
      reason: value("dispute-reason"),
    };
    if (value("dispute-suggested")) {
      body.suggested_label = value("dispute-suggested");
    }
    if (question[1] === "sentence") {
      if (!/^[1-9][0-9]{0,3}$/.test(number)) {
        return refused("dispute-sentence", "Say which sentence it is, by its number from 1.");
      }
      body.sentence = Number(number) - 1;
    }
    if (!body.reason) {
      return refused("dispute-reason", "Say why: without a reason nobody can decide.");
    }
    var key = value("dispute-key");
    if (!/^[\x21-\x7e]+$/.test(key)) {
      return refused("dispute-key", "Paste your key.");
    }
    answered("empty", ["Sending …"]);
    var text = JSON.stringify(body);
    var answer = await fetch("/v1/disputes", {
      method: "POST",
      credentials: "omit",
      headers: {
        authorization: "Bearer " + key,
        "content-type": "application/json",
        "idempotency-key": idOf(text),
      },
      body: text,
    });
    var said = await answer.json();
    if (answer.status !== 201) {
      var words = said.detail || said.title || "the API answered " + answer.status;
      return answered("failed", ["It was not taken: " + words + "." + (HINTS[answer.status] || "")]);
    }
    window.dash_clientside.set_props("dispute-key", { value: "" });
    var link = document.createElement("a");
    link.href = "/v1/disputes/" + said.dispute_id;
    link.target = "_blank";
    link.rel = "noopener";
    link.textContent = "dispute " + said.dispute_id;
    answered("empty", ["Thank you. It is kept as ", link, ", public under the name " + said.by +
      ", and listed here once the page is loaded again."]);
  }

  document.addEventListener("submit", function (event) {
    var form = event.target;
    if (form.id !== "dispute-form") {
      return;
    }
    event.preventDefault();
    var button = form.querySelector("button[type=submit]");
    if (button.disabled) {
      return;
    }
    button.disabled = true;
    sent(form)
      .catch(function () {
        answered("failed", ["The API cannot be reached. Try again: what is sent twice is kept once."]);
      })
      .finally(function () { button.disabled = false; });
  });
})();
