// The buttons of "Get the data": copying, and lists of the API as CSV.
(function () {
  var ROWS_MAX = 10000;

  function said(button, words) {
    var place = button.closest(".get-data").querySelector(".data-said");
    place.textContent = words;
  }

  function named(button) {
    return "newsroom-" + button.dataset.name.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  }

  function copied(button) {
    var text = button.dataset.copy
      .replace("{origin}", window.location.origin)
      .replace("{here}", window.location.href);
    var old = function () {
      // Without https a browser offers no clipboard to scripts, but it still copies a selection.
      var field = document.createElement("textarea");
      field.value = text;
      document.body.appendChild(field);
      field.select();
      var done = document.execCommand("copy");
      field.remove();
      button.focus();
      return done ? Promise.resolve() : Promise.reject(new Error("not allowed"));
    };
    var way = navigator.clipboard ? navigator.clipboard.writeText(text).catch(old) : old();
    way.then(
      function () { said(button, "Copied."); },
      function () { said(button, "The browser did not allow copying. Here it is: " + text); }
    );
  }

  function flat(row, prefix, into) {
    Object.keys(row).forEach(function (key) {
      var value = row[key];
      if (value !== null && typeof value === "object" && !Array.isArray(value)) {
        flat(value, prefix + key + ".", into);
      } else {
        into[prefix + key] = Array.isArray(value) ? JSON.stringify(value) : value;
      }
    });
    return into;
  }

  // A text that a spreadsheet would run as a formula gets an apostrophe before it, as in exports.
  function cell(value) {
    if (value === null || value === undefined) {
      return "";
    }
    var text = String(value);
    if (typeof value === "string" && /^[=+\-@\t\r]/.test(text)) {
      text = "'" + text;
    }
    return /[",\r\n]/.test(text) ? '"' + text.replace(/"/g, '""') + '"' : text;
  }

  function table(rows) {
    var made = rows.map(function (row) { return flat(row, "", {}); });
    var heads = [];
    made.forEach(function (row) {
      Object.keys(row).forEach(function (key) {
        if (heads.indexOf(key) < 0) {
          heads.push(key);
        }
      });
    });
    return [heads.map(cell).join(",")]
      .concat(made.map(function (row) {
        return heads.map(function (key) { return cell(row[key]); }).join(",");
      }))
      .join("\r\n") + "\r\n";
  }

  async function read(address) {
    var rows = [];
    var cursor = null;
    do {
      var to = new URL(address, window.location.origin);
      if (cursor) {
        to.searchParams.set("cursor", cursor);
      }
      var answer = await fetch(to, { headers: { accept: "application/json" } });
      var body = await answer.json();
      if (!answer.ok) {
        throw new Error(body.detail || body.title || "the API answered " + answer.status);
      }
      rows = rows.concat(body.data);
      cursor = body.next_cursor;
    } while (cursor && rows.length < ROWS_MAX);
    return { rows: rows, more: Boolean(cursor) };
  }

  async function downloaded(button) {
    button.disabled = true;
    said(button, "Reading the rows …");
    try {
      var found = await read(button.dataset.csv);
      if (!found.rows.length) {
        said(button, "There are no rows to download.");
        return;
      }
      var url = URL.createObjectURL(new Blob(["\ufeff" + table(found.rows)], { type: "text/csv" }));
      var link = document.createElement("a");
      link.href = url;
      link.download = named(button) + ".csv";
      link.click();
      window.setTimeout(function () { URL.revokeObjectURL(url); }, 10000);
      said(
        button,
        found.rows.length.toLocaleString("en") + " rows" +
          (found.more ? "; there are more: an export has them all." : ".")
      );
    } catch (error) {
      said(button, "The rows could not be read: " + error.message + ".");
    } finally {
      button.disabled = false;
    }
  }

  // The sheet's colours come from its style, which an image does not take along.
  function drawn(button) {
    var plot = button.closest(".chart").querySelector(".js-plotly-plot");
    var style = window.getComputedStyle(document.body);
    var ink = style.getPropertyValue("--ink").trim();
    var rule = style.getPropertyValue("--rule").trim();
    var paper = style.getPropertyValue("--paper").trim();
    var layout = JSON.parse(JSON.stringify(plot.layout));
    layout.paper_bgcolor = layout.plot_bgcolor = paper;
    layout.font = Object.assign({}, layout.font, { color: ink });
    layout.title = { text: button.dataset.name, x: 0.02, font: { color: ink, size: 16 } };
    layout.margin = Object.assign({}, layout.margin, { t: 56 });
    Object.keys(layout).forEach(function (key) {
      if (/^[xy]axis/.test(key)) {
        layout[key].gridcolor = rule;
        layout[key].zerolinecolor = ink;
      }
    });
    (layout.annotations || []).forEach(function (note) {
      note.font = Object.assign({}, note.font, { color: ink });
    });
    window.Plotly.downloadImage(
      { data: plot.data, layout: layout, config: { staticPlot: true } },
      {
        format: button.dataset.image,
        filename: named(button),
        width: plot.clientWidth,
        height: plot.clientHeight + 56,
        scale: button.dataset.image === "png" ? 2 : 1,
      }
    ).then(
      function () { said(button, "Saved."); },
      function () { said(button, "The browser could not draw the image."); }
    );
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest(".data-button");
    if (button) {
      var way = button.dataset.copy ? copied : button.dataset.image ? drawn : downloaded;
      way(button);
    }
  });
})();
