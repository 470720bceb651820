(function () {
  "use strict";
  var root = document.documentElement;

  function remembered() {
    try { return localStorage.getItem("unetdoctor-theme"); } catch (error) { return null; }
  }
  function remember(theme) {
    try { localStorage.setItem("unetdoctor-theme", theme); } catch (error) { return; }
  }
  var saved = remembered();
  if (saved === "light" || saved === "dark") { root.dataset.theme = saved; }

  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function setUpTheme() {
    var button = document.getElementById("theme");
    function label() { button.textContent = isDark() ? "Light" : "Dark"; }
    button.hidden = false;
    label();
    button.addEventListener("click", function () {
      root.dataset.theme = isDark() ? "light" : "dark";
      remember(root.dataset.theme);
      label();
    });
  }

  function setUpSlider(figure) {
    var pair = figure.querySelector(".pair");
    var range = figure.querySelector("input");
    var button = figure.querySelector("button");
    function show() {
      figure.style.setProperty("--split", range.value + "%");
      range.setAttribute("aria-valuetext", range.value + " % before, " + (100 - range.value) + " % after");
    }
    function follow(event) {
      var box = pair.getBoundingClientRect();
      range.value = Math.round(100 * (event.clientX - box.left) / box.width);
      show();
    }
    range.addEventListener("input", show);
    pair.addEventListener("pointerdown", function (event) {
      if (!figure.classList.contains("on") || event.button !== 0) { return; }
      pair.setPointerCapture(event.pointerId);
      follow(event);
      range.focus({ preventScroll: true, focusVisible: false });
      event.preventDefault();
    });
    ["pointermove", "pointerup"].forEach(function (kind) {
      pair.addEventListener(kind, function (event) {
        if (pair.hasPointerCapture(event.pointerId)) { follow(event); }
      });
    });
    button.addEventListener("click", function () {
      var apart = figure.classList.toggle("apart");
      figure.classList.toggle("on", !apart);
      button.textContent = apart ? "One over the other" : "Side by side";
    });
    figure.classList.add("on");
    show();
  }

  function setUpCopy(button) {
    var code = document.getElementById(button.dataset.copy);
    var words = button.textContent;
    function done(text) {
      button.textContent = text;
      setTimeout(function () { button.textContent = words; }, 2000);
    }
    function select() {
      var range = document.createRange();
      range.selectNodeContents(code);
      getSelection().removeAllRanges();
      getSelection().addRange(range);
      done(document.execCommand("copy") ? "Copied" : "Selected");
    }
    button.hidden = false;
    button.addEventListener("click", function () {
      if (navigator.clipboard) {
        navigator.clipboard.writeText(code.textContent).then(function () { done("Copied"); }, select);
      } else {
        select();
      }
    });
  }

  function setUp() {
    setUpTheme();
    document.querySelectorAll(".compare").forEach(setUpSlider);
    document.querySelectorAll("button[data-copy]").forEach(setUpCopy);
    addEventListener("beforeprint", function () {
      document.querySelectorAll("details.page-of-check, details.more").forEach(function (d) { d.dataset.was = d.open; d.open = d.classList.contains("more"); });
    });
    addEventListener("afterprint", function () {
      document.querySelectorAll("details[data-was]").forEach(function (d) { d.open = d.dataset.was === "true"; });
    });
  }
  if (document.readyState === "loading") { document.addEventListener("DOMContentLoaded", setUp); } else { setUp(); }
}());
