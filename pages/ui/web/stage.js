// The stage of the wall: lays out, draws and turns the slides of /stage/data.json. It computes no number
// of the county. Text from files only ever enters the page as text nodes. docs/adr/0011-wall.md.
(function () {
  const POLL = 20e3, POLL_AWAY = 5e3, HELD = 60e3, RELOAD = 3600e3, DAY = 86400e3;
  const at = (id) => document.getElementById(id);
  const stage = at("stage");
  const addresses = { data: "/stage/data.json" + location.search, page: "/stage" + location.search };
  const since = Date.now();
  let answer = null, body = "", index = 0, turnedAt = 0, heldUntil = 0;
  let contactAt = 0, trouble = "", isReloading = false, movedAt = Date.now();

  function element(tag, className, text) {
    const made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined) made.textContent = text;
    return made;
  }
  const fill = (id, ...children) => at(id).replaceChildren(...children);

  // --- the map -------------------------------------------------------------------------------------
  L.Browser.retina = true; // the stage is scaled: on a 4K screen the canvas would be drawn at half its size
  const map = L.map("map", {
    zoomControl: false, attributionControl: false, zoomSnap: 0, preferCanvas: true, dragging: false,
    keyboard: false, scrollWheelZoom: false, doubleClickZoom: false, boxZoom: false, touchZoom: false,
    fadeAnimation: false, zoomAnimation: false, inertia: false,
  });
  const layers = L.layerGroup().addTo(map), badges = L.layerGroup().addTo(map);
  let grids = null, water = null, streets = null, drawn = "";

  // The shapes of a build, fetched before anything on the stage changes.
  async function fetchShapes(path) {
    if (path === drawn) return;
    const names = ["grids", "water", "streets"];
    const all = await Promise.all(names.map((name) => fetch(`${path}/${name}.json`).then((found) => {
      if (!found.ok) throw new Error(`${name}: ${found.status}`);
      return found.json();
    })));
    layers.clearLayers();
    grids = L.geoJson(all[0], { interactive: false }).addTo(layers);
    water = L.geoJson(all[1], { interactive: false, style: { stroke: false, fillColor: "#24507a", fillOpacity: .9 } }).addTo(layers);
    streets = L.geoJson(all[2], { interactive: false });
    drawn = path;
  }

  const isMain = (street) => ["expressway", "main"].includes(street.properties.road_class);
  function paint(picture, rows) {
    map.invalidateSize({ animate: false, pan: false });
    grids.setStyle((grid) => {
      const key = picture.fill[grid.properties.grid_id];
      const isFilled = key !== undefined; // no key: not in force in the period, or another grid than the card's
      return {
        stroke: isFilled || picture.focus !== "",
        fill: isFilled,
        fillColor: picture.colours[key],
        fillOpacity: picture.focus ? .5 : 1,
        color: !picture.focus ? "#0b1322" : isFilled ? "#ffffff" : "#3c5275",
        weight: picture.focus && isFilled ? 6 : 3,
      };
    });
    const [chosen] = grids.getLayers().filter((layer) => layer.feature.properties.grid_id === picture.focus);
    map.fitBounds(chosen ? chosen.getBounds() : answer.bounds, { animate: false, padding: [26, 26] });
    // Only now, for before its first view a map draws nothing that could be brought to the front.
    water.bringToFront();
    if (chosen) chosen.bringToFront();
    layers.removeLayer(streets);
    if (picture.focus) {
      streets.addTo(layers);
      streets.setStyle((street) => ({ color: "#8ea3c4", opacity: 1, weight: isMain(street) ? 7 : 3 }));
      streets.bringToBack();
    }
    paintBadges(rows);
  }

  // The numbers of the list where they are; what would lie on another is moved aside, with a line.
  function paintBadges(rows) {
    badges.clearLayers();
    const size = map.getSize(), apart = 56;
    const all = rows.map((row, number) => ({ place: row.place, number })).filter((one) => one.place);
    for (const one of all) one.point = one.home = map.latLngToContainerPoint(one.place);
    for (let turn = 0; turn < 60; turn += 1) {
      for (const one of all) {
        for (const other of all) {
          const way = one.point.subtract(other.point), distance = Math.hypot(way.x, way.y);
          if (one.number <= other.number || distance >= apart) continue;
          const push = distance ? way.multiplyBy((apart - distance) / 2 / distance) : L.point(apart / 2, 0);
          one.point = one.point.add(push);
          other.point = other.point.subtract(push);
        }
        one.point = L.point(
          Math.min(Math.max(one.point.x, 30), size.x - 30), Math.min(Math.max(one.point.y, 30), size.y - 30));
      }
    }
    for (const one of all) {
      const place = map.containerPointToLatLng(one.point);
      const icon = L.divIcon({ className: "badge", iconSize: [52, 52], html: element("span", "", one.number + 1) });
      L.marker(place, { icon, interactive: false, keyboard: false }).addTo(badges);
      if (one.point.distanceTo(one.home) > 20) {
        L.polyline([one.place, place], { interactive: false, color: "#ffffff", weight: 4 }).addTo(badges);
      }
    }
  }

  // --- a slide -------------------------------------------------------------------------------------
  function numberCard(number) {
    const card = element("div", `number ${number.tone}`);
    const value = element("div", "value", number.value);
    const unit = element("span", "unit", number.unit);
    if (number.unit) value.append(unit);
    card.append(element("div", "label", number.label), value, element("div", "note", number.note));
    return card;
  }

  function rowLine(row, number) {
    const line = element("li", "row"), words = element("div", "words"), first = element("div", "first");
    first.append(element("span", "name", row.name), element("span", "value", row.value));
    words.append(first, ...row.notes.map((note) => element("div", "note", note)));
    line.append(element("span", "badge", number + 1), words);
    for (const [caption, address] of row.photos) {
      const photo = element("figure"), image = element("img");
      image.src = address;
      image.alt = caption;
      image.onerror = () => photo.remove();
      photo.append(image, element("figcaption", "", caption));
      line.append(photo);
    }
    return line;
  }

  function show() {
    const slide = answer.slides[index];
    stage.classList.toggle("says", !slide);
    document.documentElement.style.setProperty("--main", `${answer.type_px}px`);
    if (!slide) {
      say(`${answer.county}　${answer.as_of}`, "没有可以显示的画面：", ...answer.left_out.map((one) => `${one.title}：${one.reason}`));
      return;
    }
    for (const key of ["title", "what", "rows_title", "sentence"]) at(key).textContent = slide[key];
    at("county").textContent = answer.county;
    showAge();
    fill("people", ...slide.people.map(([label, name]) => {
      const person = element("span");
      person.append(element("span", "label", label), element("span", "", name));
      return person;
    }));
    showSteps(slide);
    fill("numbers", ...slide.numbers.map(numberCard));
    fill("legend", ...slide.picture.legend.map(([colour, text]) => {
      const item = element("span"), swatch = element("i");
      swatch.style.background = colour;
      item.append(swatch, text);
      return item;
    }));
    fill("rows", ...slide.rows.map(rowLine));
    at("body").classList.toggle("is-alone", !slide.rows.length);
    // Text is never made smaller: where the size that the distance asks for leaves no room, rows go.
    const list = at("rows");
    while (list.children.length > 1 && list.scrollHeight > list.clientHeight + 1) list.lastChild.remove();
    paint(slide.picture, slide.rows.slice(0, list.children.length));
  }

  function showSteps(slide) {
    const codes = [...new Set(answer.slides.map((one) => one.code))];
    fill("steps", ...codes.map((code) => {
      const own = answer.slides.filter((one) => one.code === code);
      const place = own.length > 1 && code === slide.code ? ` ${own.indexOf(slide) + 1}/${own.length}` : "";
      return element("span", code === slide.code ? "is-on" : "", own[0].scene + place);
    }));
  }

  // Data of yesterday ends today at midnight: from then on a day is the age at which a picture is old.
  function showAge() {
    const days = Math.floor((Date.now() - Date.parse(answer.data_until)) / DAY);
    at("as_of").textContent = answer.as_of + (days > 1 ? `，已过 ${days} 天` : "");
    at("as_of").classList.toggle("is-old", days > 1);
  }

  function say(...lines) {
    stage.classList.add("says");
    fill("message", ...lines.map((line) => element("div", "", line)));
  }

  function go(to) {
    index = (to + answer.slides.length) % answer.slides.length;
    turnedAt = Date.now();
    stage.classList.remove("turned");
    show();
    void stage.offsetWidth; // starts the animation again
    stage.classList.add("turned");
  }

  // --- the clock: turns, progress, marks -------------------------------------------------------------
  const clock = (time) => new Date(time).toTimeString().slice(0, 5);
  function tick() {
    const now = Date.now();
    document.body.classList.toggle("is-idle", now - movedAt > 3000);
    if (!answer || !answer.slides.length) return;
    const isHeld = now < heldUntil;
    if (heldUntil && !isHeld) {
      heldUntil = 0;
      turnedAt = now;
    }
    const done = (now - turnedAt) / (answer.dwell * 1000);
    stage.style.setProperty("--done", isHeld ? 1 : Math.min(done, 1));
    showAge();
    at("state").textContent = trouble || (isHeld ? `已停住，${Math.ceil((heldUntil - now) / 1000)} 秒后继续轮播` : "");
    if (isHeld || done < 1) return;
    if (now - since > RELOAD && !trouble) reload();
    go(index + 1);
  }

  // A browser that never loads anew keeps what a year of small leaks leaves. Only when the server answers.
  async function reload() {
    if (isReloading) return;
    isReloading = true;
    try {
      if (!(await fetch(addresses.page, { cache: "no-store" })).ok) return;
      sessionStorage.setItem("wall", JSON.stringify({ address: addresses.data, body, index, contactAt }));
      location.reload();
    } catch (error) {
      console.warn("not loaded anew:", error);
    } finally {
      isReloading = false;
    }
  }

  // --- data ------------------------------------------------------------------------------------------
  async function accept(text) {
    if (text === body) return;
    const next = JSON.parse(text);
    await fetchShapes(next.layers);
    answer = next;
    body = text;
    index = Math.min(index, Math.max(answer.slides.length - 1, 0));
    if (!turnedAt) turnedAt = Date.now();
    show();
  }

  async function poll() {
    try {
      const found = await fetch(addresses.data, { cache: "no-cache", signal: AbortSignal.timeout(60e3) });
      const text = await found.text();
      if (found.ok) {
        await accept(text);
        contactAt = Date.now();
        trouble = "";
      } else {
        trouble = JSON.parse(text).error;
        if (!answer) say(trouble);
      }
    } catch (error) {
      console.warn("no answer:", error);
      trouble = `数据连接中断，显示 ${clock(contactAt)} 的画面`;
      if (!answer) say("正在连接服务器……");
    }
    tick();
    setTimeout(poll, trouble ? POLL_AWAY : POLL);
  }

  // --- the room ----------------------------------------------------------------------------------------
  function fit() {
    const scale = Math.min(innerWidth / 1920, innerHeight / 1080);
    const left = (innerWidth - 1920 * scale) / 2, top = (innerHeight - 1080 * scale) / 2;
    stage.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
  }

  function press(event) {
    if (!answer || !answer.slides.length || event.ctrlKey || event.altKey || event.metaKey) return;
    const now = Date.now();
    const step = { ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1 }[event.key];
    if (step) {
      heldUntil = now + HELD;
      go(index + step);
    } else if (event.key === " ") {
      heldUntil = now < heldUntil ? 0 : now + HELD;
      turnedAt = now;
    } else if (event.key === "Escape" || event.key === "0") {
      heldUntil = 0;
      turnedAt = now;
    } else if (/^[1-9]$/.test(event.key)) {
      const codes = [...new Set(answer.slides.map((one) => one.code))];
      const code = codes[Number(event.key) - 1];
      if (!code) return;
      heldUntil = now + HELD;
      go(answer.slides.findIndex((one) => one.code === code));
    } else return;
    event.preventDefault();
    tick();
  }

  async function start() {
    fit();
    addEventListener("resize", fit);
    addEventListener("keydown", press);
    addEventListener("mousemove", () => { movedAt = Date.now(); });
    setInterval(tick, 250);
    const kept = JSON.parse(sessionStorage.getItem("wall") || "null");
    sessionStorage.removeItem("wall");
    if (kept && kept.address === addresses.data) {
      ({ index, contactAt } = kept);
      await accept(kept.body).catch((error) => console.warn("the last picture is lost:", error));
    }
    poll();
  }
  start();
})();
