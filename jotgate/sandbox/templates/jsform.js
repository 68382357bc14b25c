// This is a local JotForm for trying and testing. It is not JotForm.
(function () {
  "use strict";
  var formID = {{ form_id|tojson }}, origin = {{ origin|tojson }}, here = document.currentScript;
  var query = here && here.src.indexOf("?") > 0 ? here.src.slice(here.src.indexOf("?")) : "";
  var frame = document.createElement("iframe");
  frame.id = "JotFormIFrame-" + formID;
  frame.title = {{ title|tojson }};
  frame.src = origin + "/" + formID + query;
  frame.allow = "geolocation; microphone; camera; fullscreen; payment";
  frame.style.cssText = "width: 100%; min-width: 100%; height: 539px; border: none;";
  if (here && here.parentNode) { here.parentNode.insertBefore(frame, here); } else { document.body.appendChild(frame); }
  window.addEventListener("message", function (event) {
    var parts = typeof event.data === "string" ? event.data.split(":") : [];
    if (event.origin === origin && parts[0] === "setHeight" && parts[2] === formID) {
      frame.style.height = parseInt(parts[1], 10) + "px";
    }
  });
}());
