"use strict";
// One factory under two scenarios, quarter by quarter. `data` is what simulator.lessons.floor records, `words` the texts
// of one language. Everything is drawn from the recording; nothing is asked of the network. Returns a function that stops it.
function garmentFloor(root, data, words) {
  const SLOTS = 8, SPEEDS = [1600, 800, 400];
  const at = { factory: 0, quarter: 0, speed: 1, person: null };
  let timer = null;
  const make = (tag, name, text) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    if (text !== undefined) element.textContent = text;
    return element;
  };
  const fill = (template, values) => template.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const whole = (x) => Math.round(x).toLocaleString("en-US");
  const percent = (x) => Math.round(100 * x) + "%";

  root.textContent = "";
  const bar = make("div", "bar"), sides = make("div", "sides"), detail = make("p", "detail", words.tap);
  detail.setAttribute("role", "status");
  const button = (text, does, name) => {
    const element = make("button", name || "", text);
    element.type = "button";
    element.addEventListener("click", does);
    return element;
  };
  const choice = make("select", "choice");
  choice.setAttribute("aria-label", words.factory);
  data.factories.forEach((factory, i) => {
    const option = make("option", "", fill(words.tier[factory.tier], { n: i + 1 }));
    option.value = i;
    choice.append(option);
  });
  choice.addEventListener("change", () => { at.factory = Number(choice.value); at.person = null; draw(); });
  const play = button(words.play, () => (timer === null ? start() : stop()), "play");
  const back = button(words.back, () => { stop(); move(-1); });
  const step = button(words.step, () => { stop(); move(1); });
  const speed = make("select", "speed");
  speed.setAttribute("aria-label", words.speed);
  words.speeds.forEach((name, i) => {
    const option = make("option", "", name);
    option.value = i;
    speed.append(option);
  });
  speed.value = at.speed;
  speed.addEventListener("change", () => {
    at.speed = Number(speed.value);
    if (timer !== null) { stop(); start(); }
  });
  const slider = make("input", "time");
  slider.type = "range";
  slider.min = 0;
  slider.max = data.periods.length - 1;
  slider.setAttribute("aria-label", words.quarter_label);
  slider.addEventListener("input", () => { stop(); at.quarter = Number(slider.value); draw(); });
  const when = make("strong", "when");
  bar.append(choice, play, back, step, speed, when, slider);
  root.append(bar, sides, detail, legend());

  function legend() {
    const list = make("ul", "key");
    for (const [name, text] of words.legend) {
      const item = make("li", "", text);
      item.prepend(make("span", "sign " + name));
      list.append(item);
    }
    return list;
  }
  function start() {
    if (at.quarter === data.periods.length - 1) at.quarter = -1;
    timer = setInterval(() => move(1), SPEEDS[at.speed]);
    play.textContent = words.pause;
    move(1);
  }
  function stop() {
    if (timer !== null) clearInterval(timer);
    timer = null;
    play.textContent = words.play;
  }
  function move(by) {
    at.quarter = Math.min(Math.max(at.quarter + by, 0), data.periods.length - 1);
    if (at.quarter === data.periods.length - 1) stop();
    draw();
  }
  function draw() {
    const period = data.periods[at.quarter];
    when.textContent = fill(words.quarter, { year: period.slice(0, 4), quarter: period.slice(5) });
    slider.value = at.quarter;
    slider.setAttribute("aria-valuetext", when.textContent);
    sides.textContent = "";
    data.variants.forEach((variant, v) => sides.append(side(variant, v)));
    tell();
  }
  function side(variant, v) {
    const quarter = variant.factories[at.factory][at.quarter];
    const place = make("section", "side");
    place.append(make("h3", "", words.variants[v]));
    if (!quarter.open) {
      place.append(make("p", "closed", words.closed));
      return place;
    }
    const staff = quarter.staff, people = data.people_per_figure * staff.length;
    const skilled = staff.filter((one) => one[1] > 0), posts = quarter.posts[1] + quarter.posts[2];
    const still = stopped(quarter);
    const facts = make("p", "facts", fill(words.facts, { people: whole(people), output: quarter.output.toFixed(1) }));
    const idle = make("p", still > 0.2 ? "idle bad" : "idle", fill(words.stopped, { share: percent(still) }));
    place.append(facts, idle);
    data.stages.forEach((name, s) => {
      const row = make("div", "stage");
      row.append(make("span", "name", words.stages[s]), machines(quarter, s));
      row.append(crowd(staff.filter((one) => one[1] === 0 && one[5] === s), v));
      place.append(row);
    });
    const bench = make("div", "stage bench");
    bench.append(make("span", "name", fill(words.bench, { there: skilled.length, posts })));
    const figures = crowd(skilled, v);
    for (let i = skilled.length; i < posts; i++) {
      const empty = make("span", "figure empty");
      empty.title = words.empty;
      figures.append(empty);
    }
    bench.append(figures);
    place.append(bench);
    if (quarter.bought >= 0) place.append(make("p", "bought", fill(words.bought, { stage: words.stages[quarter.bought] })));
    return place;
  }
  function stopped(quarter) {
    let there = 0, works = 0;
    data.weights.forEach((weight, s) => { there += weight * quarter.machines[s]; works += weight * quarter.working[s]; });
    return there > 0 ? 1 - works / there : 0;
  }
  function machines(quarter, s) {
    const row = make("span", "machines"), has = quarter.machines[s] * SLOTS, works = quarter.working[s] * SLOTS;
    row.setAttribute("role", "img");
    row.setAttribute("aria-label", fill(words.machines, { share: percent(quarter.machines[s]), works: percent(quarter.working[s]) }));
    row.title = row.getAttribute("aria-label");
    for (let i = 0; i < SLOTS; i++) {
      const slot = make("span", "machine"), cut = (x) => 100 * Math.min(Math.max(x - i, 0), 1) + "%";
      slot.style.setProperty("--works", cut(works));
      slot.style.setProperty("--has", cut(has));
      row.append(slot);
    }
    return row;
  }
  function crowd(people, v) {
    const place = make("span", people.length > 60 ? "crowd small" : "crowd");
    for (const one of people) {
      const figure = make("button", "figure " + data.jobs[one[1]]);
      figure.type = "button";
      figure.tabIndex = -1;
      if (one[4] === 0) figure.classList.add("new");
      if (at.person !== null && at.person === one[0]) figure.classList.add("chosen");
      figure.setAttribute("aria-label", words.jobs[one[1]]);
      figure.addEventListener("click", () => { at.person = one[0]; at.side = v; draw(); });
      place.append(figure);
    }
    if (people.length) {
      const first = place.firstChild;
      first.tabIndex = 0;
      place.addEventListener("keydown", (event) => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        const next = by && (by > 0 ? event.target.nextElementSibling : event.target.previousElementSibling);
        if (by) event.stopPropagation();
        if (next && next.focus) { event.preventDefault(); next.focus(); }
      });
    }
    return place;
  }
  function tell() {
    if (at.person === null) { detail.textContent = words.tap; return; }
    const said = data.variants.map((variant, v) => {
      const quarter = variant.factories[at.factory][at.quarter];
      const one = quarter.open ? quarter.staff.find((staff) => staff[0] === at.person) : undefined;
      if (one === undefined) return fill(words.gone, { variant: words.variants[v] });
      const [woman, born, school] = data.people[at.person];
      const age = Math.floor((data.first_step + at.quarter - born) / data.steps_per_year);
      return fill(words.person, {
        variant: words.variants[v], gender: words.gender[woman ? 0 : 1], age, school: words.school[school],
        job: words.jobs[one[1]], skill: words.skills[one[2]], wage: whole(one[3]),
        years: (one[4] / data.steps_per_year).toFixed(1), people: data.people_per_figure,
      });
    });
    detail.textContent = "";
    said.forEach((line, i) => { if (i) detail.append(make("br")); detail.append(line); });
  }
  draw();
  return stop;
}
