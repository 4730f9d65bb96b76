"use strict";
// The pocket edition: a language switch, and levers answered by the formula that simulator.lessons.emulator fits.
(function () {
  const read = (id) => JSON.parse(document.getElementById(id).textContent);
  const model = read("emulator"), words = read("words"), mains = [...document.querySelectorAll("main")];
  const names = Object.keys(model.levers), set = { ...model.start };
  function terms(levers) {
    const x = names.map((name) => {
      const [low, high] = model.levers[name], part = (levers[name] - low) / (high - low);
      return name === "skills.training_seats" ? Math.sqrt(part) : part;
    });
    const out = [1, ...x];
    for (let i = 0; i < x.length; i++) for (let j = i; j < x.length; j++) out.push(x[i] * x[j]);
    return out;
  }
  function effect(rule, levers) {
    return terms(levers).reduce((sum, term, i) => sum + term * rule[i], 0);
  }
  function cost(levers) {
    const p = model.price, self = levers["skills.self_paced_share"];
    const seats = levers["skills.training_seats"] * p.seat * levers["skills.training_months"] / p.months
      * (self * p.self_paced + 1 - self);
    return seats + Math.max(0, levers["skills.training_relevance"] - p.relevance_free) * p.relevance;
  }
  const fill = (template, n) => template.replace("{n}", n);
  function shown(value, unit, lang, signed) {
    const size = Math.abs(unit === "share" ? 100 * value : value);
    const digits = unit === "share" ? 1 : size >= 100 ? 0 : 1;
    const sign = value < 0 ? "\u2212" : signed ? "+" : "";
    const figures = size.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return fill(words[lang].amounts[unit], sign + figures);
  }
  function draw() {
    for (const main of mains) {
      const lang = main.lang;
      for (const row of main.querySelectorAll("[data-output]")) {
        const about = model.outputs[row.dataset.output], value = effect(about.rule, set);
        const quiet = Math.abs(value) < about.error;
        row.querySelector(".effect").textContent = quiet ? words[lang].nothing : shown(value, about.unit, lang, true);
        row.querySelector(".effect").classList.toggle("quiet", quiet);
        row.dataset.value = value;
      }
      main.querySelector(".spent").textContent = shown(cost(set), "USD million", lang, false);
      for (const input of main.querySelectorAll("input[data-lever]")) {
        const [low, high] = model.levers[input.dataset.lever], share = high <= 1;
        input.value = set[input.dataset.lever];
        const told = share ? Math.round(100 * set[input.dataset.lever]) + "%" : Number(set[input.dataset.lever]).toLocaleString("en-US");
        input.parentElement.querySelector("output").textContent = told;
        input.setAttribute("aria-valuetext", told);
      }
    }
  }
  for (const input of document.querySelectorAll("input[data-lever]"))
    input.addEventListener("input", () => { set[input.dataset.lever] = Number(input.value); draw(); });
  function show(lang) {
    document.documentElement.lang = lang;
    for (const main of mains) main.hidden = main.lang !== lang;
    for (const button of document.querySelectorAll("[data-to]"))
      button.setAttribute("aria-pressed", String(button.dataset.to === lang));
  }
  for (const button of document.querySelectorAll("[data-to]")) button.addEventListener("click", () => show(button.dataset.to));
  window.garmentPocket = { effect: (levers) => Object.fromEntries(Object.entries(model.outputs).map(([k, v]) => [k, effect(v.rule, levers)])), cost };
  draw();
  show(mains[0].lang);
})();
