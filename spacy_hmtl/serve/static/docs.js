// Shows openapi.json: a page of our own, since the usual ones load their scripts from another host.
(function () {
  "use strict";
  function add(parent, tag, content) {
    var element = parent.appendChild(document.createElement(tag));
    if (content !== undefined) element.textContent = content.replace(/`/g, "");
    return element;
  }

  function resolve(schema, all) {
    return schema && schema.$ref ? all[schema.$ref.split("/").pop()] : schema;
  }

  function typeOf(schema, all) {
    if (schema.$ref) return schema.$ref.split("/").pop();
    if (schema.anyOf) return schema.anyOf.map(function (s) { return typeOf(s, all); }).join(" or ");
    if (schema.prefixItems) return "[" + schema.prefixItems.map(function (s) { return typeOf(s, all); }).join(", ") + "]";
    if (schema.type === "array") return "list of " + typeOf(schema.items || {}, all);
    return schema.type || "anything";
  }

  function fields(parent, schema, all) {
    var found = resolve(schema, all), rows = found.properties || {}, table;
    if (found.description) add(parent, "p", found.description).className = "none";
    if (!Object.keys(rows).length) return;
    table = add(add(parent, "div"), "table");
    table.parentElement.className = "scroll";
    var head = add(table, "tr");
    ["Key", "Type", ""].forEach(function (name) { add(head, "th", name); });
    Object.keys(rows).forEach(function (key) {
      var row = add(table, "tr");
      add(row, "th", key);
      add(row, "td", typeOf(rows[key], all));
      add(row, "td", rows[key].description || "");
    });
  }

  function example(parent, method, path, body) {
    var url = new URL(path.slice(1), document.baseURI).href, quote = function (s) { return "'" + s.replace(/'/g, "'\\''") + "'"; };
    var command = "curl " + url;
    if (body) command += " \\\n  -H 'Content-Type: application/json' \\\n  -d " + quote(JSON.stringify(body));
    add(add(parent, "div"), "pre", command);
  }

  function operation(main, path, method, what, all) {
    var article = add(main, "article"), header = add(article, "header"), section, schema;
    add(header, "h2", method.toUpperCase() + " " + path);
    add(header, "span", what.description || what.summary).className = "n";
    schema = what.requestBody && resolve(what.requestBody.content["application/json"].schema, all);
    section = add(article, "section");
    ((schema && schema.examples) || [null]).forEach(function (body) { example(section, method, path, body); });
    if (schema) {
      section = add(article, "section");
      add(section, "h3", "Body");
      fields(section, schema, all);
    }
    Object.keys(what.responses).forEach(function (status) {
      var answer = what.responses[status], content = answer.content && answer.content["application/json"];
      if (status !== "200" || !content) return;
      (content.schema.anyOf || [content.schema]).forEach(function (one) {
        section = add(article, "section");
        add(section, "h3", "Answer: " + typeOf(one, all));
        fields(section, one, all);
      });
    });
    var errors = Object.keys(what.responses).filter(function (status) { return status >= "400"; });
    if (!errors.length) return;
    section = add(article, "section");
    add(section, "h3", "Errors: {\"error\", \"message\"}");
    var table = add(section, "table");
    section.className = "errors";
    errors.forEach(function (status) {
      var row = add(table, "tr");
      add(row, "th", status);
      add(row, "td", what.responses[status].description);
    });
  }

  fetch("openapi.json").then(function (response) { return response.json(); }).then(function (api) {
    var all = api.components.schemas, main = document.getElementById("operations");
    document.getElementById("about").textContent = api.info.description;
    Object.keys(api.paths).forEach(function (path) {
      Object.keys(api.paths[path]).forEach(function (method) {
        operation(main, path, method, api.paths[path][method], all);
      });
    });
    var types = add(main, "article");
    ["LabeledSpan", "Relation"].forEach(function (name) {
      var section = add(types, "section");
      add(section, "h3", name);
      fields(section, all[name], all);
    });
    document.body.dataset.ready = "yes";
  });
})();
