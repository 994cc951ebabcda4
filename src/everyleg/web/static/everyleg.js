// What the pages do beyond HTML and htmx: theme and zone before the first paint, copying, keys. All of it is a
// convenience; every page works without.
(function () {
  "use strict";
  var root = document.documentElement;
  var dark = window.matchMedia("(prefers-color-scheme: dark)");
  function paint() {
    if (root.dataset.theme === "auto") root.dataset.bsTheme = dark.matches ? "dark" : "light";
  }
  paint();
  dark.addEventListener("change", paint);

  var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (zone && document.cookie.indexOf("zone=" + zone) < 0) {
    document.cookie = "zone=" + zone + ";path=/;max-age=31536000;samesite=lax";
  }

  // Where rooms or tabs go beyond a phone's edge, the one that is open is in sight.
  document.addEventListener("DOMContentLoaded", function () {
    document.querySelectorAll("nav [aria-current], .ev-tabs [aria-current]").forEach(function (here) {
      var row = here.parentElement;
      row.scrollLeft = here.offsetLeft - row.offsetLeft - (row.clientWidth - here.offsetWidth) / 2;
    });
  });

  function say(text) {
    var place = document.getElementById("said");
    if (place) place.textContent = text;
  }

  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copy]");
    if (button && navigator.clipboard) {
      event.preventDefault();
      navigator.clipboard.writeText(button.dataset.copy).then(function () {
        button.classList.add("done");
        say(document.getElementById("said").dataset.copied);
        setTimeout(function () { button.classList.remove("done"); }, 1200);
      });
    }
    document.querySelectorAll("details.ev-menu[open]").forEach(function (menu) {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });

  // A select in a filter bar applies at once; without this the button beside it does.
  document.addEventListener("change", function (event) {
    if (event.target.matches("form[data-apply] select")) event.target.form.requestSubmit();
  });

  // A form is sent once; the server refuses a second one too.
  document.addEventListener("submit", function (event) {
    if (event.target.method !== "post") return;
    var name = event.target.dataset.most && event.target.querySelector("input[type=file]");
    var file = name && name.files[0];
    if (file && file.size > Number(event.target.dataset.most)) {
      event.preventDefault();
      name.setCustomValidity(event.target.dataset.tooBig);
      name.reportValidity();
      return;
    }
    if (event.target.dataset.sent) return event.preventDefault();
    event.target.dataset.sent = "1";
    setTimeout(function () { delete event.target.dataset.sent; }, 4000);
  });
  document.addEventListener("input", function (event) {
    if (event.target.type === "file") event.target.setCustomValidity("");
  });

  function move(step) {
    var rows = Array.from(document.querySelectorAll("[data-row]"));
    if (!rows.length) return;
    var at = rows.indexOf(document.querySelector("[data-row].here"));
    var next = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
    rows.forEach(function (row) { row.classList.remove("here"); });
    next.classList.add("here");
    var link = next.querySelector("a, summary, button");
    if (link) link.focus({ preventScroll: true });
    next.scrollIntoView({ block: "nearest" });
  }

  var keys = {
    "/": function () { var field = document.querySelector("main [data-key='/']") || document.querySelector("[data-key='/']"); if (field) { field.focus(); field.select(); } },
    j: function () { move(1); },
    k: function () { move(-1); },
    "?": function () { var all = document.getElementById("keys"); if (all && !all.open) all.showModal(); }
  };
  document.addEventListener("keydown", function (event) {
    var typing = event.target.closest("input, textarea, select, [contenteditable]");
    if (event.key === "Escape" && typing) return typing.blur();
    var menu = event.key === "Escape" && document.querySelector("details.ev-menu[open]");
    if (menu) {
      menu.open = false;
      return menu.querySelector("summary").focus();
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });

  // Dropping a sheet anywhere on its form.
  document.addEventListener("dragover", function (event) {
    var zone = event.target.closest("[data-drop]");
    if (zone) { event.preventDefault(); zone.classList.add("over"); }
  });
  document.addEventListener("dragleave", function (event) {
    var zone = event.target.closest("[data-drop]");
    if (zone) zone.classList.remove("over");
  });
  document.addEventListener("drop", function (event) {
    var zone = event.target.closest("[data-drop]");
    if (!zone) return;
    event.preventDefault();
    zone.classList.remove("over");
    var field = zone.querySelector("input[type=file]");
    if (event.dataTransfer.files.length) {
      field.files = event.dataTransfer.files;
      zone.closest("form").requestSubmit();
    }
  });
})();
