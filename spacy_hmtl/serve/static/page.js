
// The demo page: annotates while you type, and keeps the text in the address so that it can be shared.
(function () {
  "use strict";
  var PAUSE = 180; // ms without a key before the text is sent
  var LONGEST_LINK = 4000; // characters of an encoded text; longer addresses are cut by some programs
  var UNITS = { ner: "name", emd: "mention", coref: "cluster", relation: "relation" };
  var PLURALS = { ner: "names", emd: "mentions", coref: "clusters", relation: "relations" };
  var text = document.getElementById("text"), picker = document.getElementById("model");
  var panels = document.getElementById("panels"), status = document.getElementById("status");
  var problem = document.getElementById("problem"), share = document.getElementById("share");
  var timer = null, request = null;

  // Colours: the policy of the page forbids inline styles, but not setting properties.
  function paint(element) {
    element.querySelectorAll("[data-style]").forEach(function (e) {
      e.dataset.style.split(";").forEach(function (rule) {
        var parts = rule.split(":");
        if (parts[0].indexOf("--") === 0) e.style.setProperty(parts[0], parts[1]);
      });
    });
  }

  function show(result) {
    Object.keys(UNITS).forEach(function (task) {
      var article = panels.querySelector('[data-task="' + task + '"]'), panel = result && result.panels[task];
      var count = panel ? panel.count : null, body = article.querySelector(".body");
      article.classList.remove("lit");
      article.querySelector(".n").textContent =
        count === null ? "" : count + " " + (count === 1 ? UNITS : PLURALS)[task];
      body.innerHTML = panel ? panel.html : ""; // escaped by the server
      paint(body);
    });
  }

  function say(message) {
    problem.hidden = !message;
    problem.textContent = message || "";
  }

  function link() {
    var query = new URLSearchParams();
    if (text.value && text.value !== text.dataset.example) query.set("text", text.value);
    if (picker.selectedIndex > 0) query.set("model", picker.value);
    return query.toString();
  }

  function remember() {
    var query = link(), fits = query.length <= LONGEST_LINK;
    share.disabled = !fits || !text.value;
    share.title = fits ? "" : "The text is too long for a link";
    history.replaceState(null, "", fits && query ? "?" + query : location.pathname);
  }

  // Only the answer to the last request is shown: an earlier one is aborted, and ignored if it comes all the same.
  function send() {
    if (request) request.abort();
    remember();
    if (!text.value.trim()) {
      request = null;
      show(null);
      say("");
      status.textContent = "";
      panels.classList.remove("stale");
      panels.dataset.shown = "";
      return;
    }
    var own = (request = new AbortController()), sent = text.value, began = performance.now();
    panels.classList.add("stale");
    post({ text: sent, model: picker.value || null }, own.signal)
      .then(function (result) {
        if (own !== request) return;
        show(result);
        say("");
        status.textContent = result.tokens + (result.tokens === 1 ? " token, " : " tokens, ") +
          Math.round(performance.now() - began) + " ms";
        panels.dataset.shown = sent;
      })
      .catch(function (error) {
        if (own !== request || error.name === "AbortError") return;
        if (error.retry) {
          timer = setTimeout(send, 1000 * error.retry);
          status.textContent = "Busy, trying again";
          return;
        }
        show(null);
        status.textContent = "";
        say(error.message);
      })
      .finally(function () { if (own === request) panels.classList.remove("stale"); });
  }

  function post(body, signal) {
    return fetch("api/render", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal: signal
    }).catch(function (error) {
      throw error.name === "AbortError" ? error : new Error("The server does not answer.");
    }).then(function (response) {
      return response.json().then(function (found) {
        if (response.ok) return found;
        var error = new Error(found.message || "The server failed.");
        if (response.status === 503) error.retry = Number(response.headers.get("Retry-After")) || 1;
        throw error;
      });
    });
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(send, PAUSE);
  }

  function now() {
    clearTimeout(timer);
    send();
  }

  // A clipboard is there only on https and on this machine; elsewhere the address is already the link.
  function copy() {
    if (!navigator.clipboard) {
      status.textContent = "The address of this page is the link";
      return;
    }
    navigator.clipboard.writeText(location.href).then(
      function () { status.textContent = "Copied"; },
      function () { status.textContent = "The address of this page is the link"; }
    );
  }

  function start(found) {
    var query = new URLSearchParams(location.search), wanted = query.get("model");
    found.models.forEach(function (model) {
      var option = document.createElement("option");
      option.value = model.name;
      option.textContent = model.version ? model.name + " " + model.version : model.name;
      picker.appendChild(option);
      if (model.name === wanted) option.selected = true;
    });
    picker.parentElement.hidden = found.models.length < 2;
    // Not what a browser kept of an earlier visit, and not over what was typed meanwhile.
    if (query.has("text") && !text.dataset.typed) text.value = query.get("text");
    // A page that would be empty shows what it does; the address stays plain until somebody types.
    var example = document.querySelector(".examples button");
    if (!text.value.trim() && !query.has("text") && !text.dataset.typed && example) {
      text.value = text.dataset.example = example.dataset.text;
    }
    now();
  }

  text.addEventListener("input", function () { text.dataset.typed = "yes"; soon(); });
  picker.addEventListener("change", now);
  share.addEventListener("click", copy);
  document.querySelectorAll(".examples button").forEach(function (button) {
    button.addEventListener("click", function () { delete text.dataset.example; text.value = button.dataset.text; now(); });
  });
  fetch("api/models").then(function (response) { return response.json(); }).then(start, function () {
    say("The server does not answer.");
  });
})();
