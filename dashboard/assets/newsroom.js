// What a server cannot do: the tab's title, the reader's place, and links inside the grid.
window.dash_clientside = Object.assign({}, window.dash_clientside, {
  newsroom: {
    wanted: function (search) {
      if (typeof search === "string" && search !== window.location.search) {
        window.dash_clientside.set_props("url", { search: search });
      }
      return window.dash_clientside.no_update;
    },
    // The address is the truth: controls follow it, except the one being typed in.
    followed: function (search) {
      var query = new URLSearchParams(search);
      document.querySelectorAll('[id^="{"][id$="}"]').forEach(function (found) {
        var id = JSON.parse(found.id);
        if (id.type !== "filter" || (found.contains(document.activeElement) && !window.newsroomBack)) {
          return;
        }
        var value = query.get(id.name) || (id.name === "q" ? "" : "any");
        if (id.name === "publisher") {
          value = query.getAll("publisher");
        } else if (id.name === "published") {
          value = [query.get("published_from"), query.get("published_to")];
        }
        window.dash_clientside.set_props(id, { value: value });
      });
      window.newsroomBack = false;
      return window.dash_clientside.no_update;
    },
    // Nothing is drawn anew under a reader's focus or selection, nor where nobody sees it.
    again: function (beat) {
      var focused = document.activeElement && document.activeElement.closest(".panel-body");
      var selected = String(window.getSelection());
      return document.hidden || focused || selected ? window.dash_clientside.no_update : beat;
    },
    opened: function (title) {
      if (title) {
        document.title = title;
      }
      var here = window.location.pathname;
      if (window.newsroomPath !== undefined && window.newsroomPath !== here) {
        window.scrollTo(0, 0);
        var content = document.getElementById("content");
        if (content) {
          content.focus({ preventScroll: true });
        }
      }
      window.newsroomPath = here;
      return window.dash_clientside.no_update;
    },
  },
});

window.addEventListener("popstate", function () {
  window.newsroomBack = true;
});

// A reader who chose a run keeps it from page to page, wherever a link stands. The address that is
// copied or opened beside is the anchor's own; Dash's links follow a plain click by what they were
// made with, so that click is taken over.
function carried(event) {
  var link = event.target.closest && event.target.closest('a[href^="/"]:not([target])');
  if (!link) {
    return null;
  }
  var to = new URL(link.href);
  var run = new URLSearchParams(window.location.search).get("run");
  if (link.dataset.run ? link.dataset.run !== run : run && !to.searchParams.has("run")) {
    to.searchParams.delete("run");
    delete link.dataset.run;
    if (run) {
      to.searchParams.set("run", run);
      link.dataset.run = run;
    }
    link.setAttribute("href", to.pathname + to.search);
  }
  return link.dataset.run ? to : null;
}

// In a grid the arrow keys move between cells; Enter follows the link of the cell.
document.addEventListener("keydown", function (event) {
  var cell = event.key === "Enter" && event.target.matches && event.target.matches(".ag-cell");
  var link = cell && event.target.querySelector("a[href]");
  if (link) {
    link.click();
  }
});

["mousedown", "focusin"].forEach(function (kind) {
  document.addEventListener(kind, carried, true);
});

document.addEventListener(
  "click",
  function (event) {
    var to = carried(event);
    if (!to || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
    window.dash_clientside.set_props("url", { pathname: to.pathname, search: to.search });
  },
  true
);

var cells = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});

cells.Headline = function (props) {
  if (!props.data) {
    return React.createElement("span", { className: "cell-waiting" }, "\u2026");
  }
  return React.createElement(
    window.dash_core_components.Link,
    { href: props.data.href, className: "cell-headline" },
    props.value
  );
};

cells.Framing = function (props) {
  return props.value
    ? React.createElement(
        window.dash_core_components.Link,
        { href: props.value },
        "lean and tone"
      )
    : null;
};

cells.Scale = function (props) {
  if (!props.data || props.value === null || props.value === undefined) {
    return React.createElement("span", { className: "cell-none" }, props.data ? "\u2014" : "");
  }
  var place = (Math.max(-5, Math.min(5, props.value)) + 5) / 10;
  return React.createElement(
    "span",
    { className: "mini mini-" + props.kind, style: { "--place": place } },
    props.data[props.kind + "_text"]
  );
};
