// The map: what is drawn once (base) and what changes with the data (paint).
// Text from files only ever enters the page as text nodes.
window.oneMap = (function () {
  const streetWidths = { expressway: 2.4, main: 2.4, secondary: 1.6, branch: 1 };
  const FONT = '"Microsoft YaHei", "Noto Sans CJK SC", "PingFang SC", sans-serif';
  const nothing = { title: "", grids: {}, values: {}, selected: "", picked: "", shapes: "", points: [],
                    colours: {}, legend: [], sync: "", fit: [], fit_request: 0 };
  let map, url, layers, scene = nothing, ready = false, shownShapes = "", channel = null, isFollowing = false;
  let turn = 0; // of the latest paint: an answer that comes late is dropped
  let fitted = 0; // the last request to zoom that was answered: the next one has another number
  const fetched = {}; // geometry that is fetched when a scene first needs it

  // Layers must exist before the data comes: only layers present at the start report clicks.
  // They are drawn in this order, whichever arrives first.
  function base(theMap, theUrl) {
    map = theMap;
    url = theUrl;
    map.getContainer().style.background = "#f4f6f8";
    L.control.scale({ imperial: false }).addTo(map);
    const still = (style) => L.geoJson(null, { interactive: false, style }).addTo(map);
    layers = {
      grids: L.geoJson(null, { style: gridStyle }).addTo(map),
      water: still({ stroke: false, fillColor: "#9ec9e2", fillOpacity: 0.9 }),
      streets: still(streetStyle),
      segments: L.geoJson(null, { style: segmentStyle }).addTo(map),
      shapes: L.geoJson(null, { interactive: false, style: shapeStyle }).addTo(map),
      points: L.geoJson(null, { pointToLayer: (point, at) => L.circleMarker(at, pointStyle(point)) }).addTo(map),
      // 责任重叠 and 责任空白 may be a metre wide: the stroke makes them visible at any zoom.
      borders: L.geoJson(null, {
        interactive: false,
        style: (fault) => ({ color: fault.properties.kind === "overlap" ? "#c2185b" : "#1f3fbf", weight: 3 }),
      }),
    };
    layers.grids.bindTooltip((layer) => gridText(layer.feature.properties), { sticky: true });
    layers.segments.bindTooltip((layer) => {
      const { segment_id, street_name } = layer.feature.properties;
      const value = scene.values[segment_id];
      return node((street_name || "无名道路") + (value ? "：" + value[1] : ""));
    }, { sticky: true });
    layers.points.bindTooltip((layer) => node(layer.feature.properties.text), { sticky: true });
    addSaveButton();
    const names = ["grids", "water", "streets", "borders"];
    Promise.all(names.map((name) => get(url + "/" + name + ".json"))).then((all) => {
      names.forEach((name, number) => layers[name].addData(all[number]));
      if (all[3].features.length) {
        const overlay = { "责任重叠（红）与空白（蓝）": layers.borders };
        L.control.layers(null, overlay, { collapsed: false, position: "bottomright" }).addTo(map);
      }
      ready = true;
    });
    map.on("moveend", () => {
      if (channel && !isFollowing) channel.postMessage([map.getCenter(), map.getZoom()]);
      isFollowing = false;
    });
  }

  const get = (address) => fetch(address).then((answer) => {
    if (!answer.ok) throw new Error(address + ": " + answer.status);
    return answer.json();
  });

  function node(text) {
    const span = document.createElement("span");
    span.textContent = text;
    return span;
  }

  function gridText({ grid_id, grid_name }) {
    const value = scene.grids[grid_id];
    return node(value ? grid_name + "：" + value[1] : grid_name);
  }

  function gridStyle(grid) {
    const id = grid.properties.grid_id;
    const value = scene.grids[id];
    if (!value) return { stroke: false, fill: false }; // not in force in the period
    const isSelected = id === scene.selected;
    return {
      stroke: true,
      fill: true,
      fillColor: scene.colours[value[0]],
      fillOpacity: 0.75,
      color: isSelected ? "#0b3c5d" : "#4b5563",
      weight: isSelected ? 5 : 1,
    };
  }

  // Streets step back where pieces of street or shapes are what the map is about.
  const streetStyle = (street) => ({
    color: "#374151",
    opacity: scene.shapes || Object.keys(scene.values).length ? 0.12 : 0.45,
    weight: streetWidths[street.properties.road_class] || 0.6,
  });

  function segmentStyle(segment) {
    const id = segment.properties.segment_id;
    const value = scene.values[id];
    if (!value) return { stroke: false };
    const isPicked = id === scene.picked;
    const color = isPicked ? "#111827" : scene.colours[value[0]];
    return { stroke: true, color, weight: isPicked ? 9 : 4, opacity: isPicked ? 1 : 0.9 };
  }

  const shapeStyle = (shape) => {
    const colour = scene.colours[shape.properties.key];
    return shape.geometry.type.endsWith("Polygon")
      ? { stroke: false, fillColor: colour, fillOpacity: 0.75 }
      : { color: colour, weight: 5, opacity: 0.95 };
  };

  const pointStyle = (point) => ({
    radius: point.properties.id === scene.picked ? 10 : 6,
    color: point.properties.id === scene.picked ? "#0b3c5d" : "#1f2937",
    weight: point.properties.id === scene.picked ? 4 : 1.5,
    fillColor: scene.colours[point.properties.key],
    fillOpacity: 0.95,
  });

  // newScene, all optional:
  //   title     what the saved picture is called
  //   grids     grid id -> [key of colours, text of the tooltip]; selected: grid id
  //   values    address of JSON: segment id -> [key, text]; the pieces of street it names are drawn
  //   shapes    address of GeoJSON with a property `key`: lines or polygons to draw on top
  //   points    [{id, lat, lon, key, text}]; picked: id of a point or segment that stands out
  //   colours   key -> colour;  legend: [[colour, text]];  sync: maps of one name move together
  //   fit       [south, west, north, east] to zoom to when fit_request is a new number
  function paint(newScene) {
    if (!ready) {
      setTimeout(() => paint(newScene), 50);
      return;
    }
    const wanted = Object.assign({}, nothing, newScene);
    const mine = (turn += 1);
    Promise.all([
      wanted.values ? once(url + "/segments.json") : null,
      wanted.values ? get(wanted.values) : {},
      wanted.shapes && wanted.shapes !== shownShapes ? get(wanted.shapes) : null,
    ]).then(([segments, values, shapes]) => {
      if (mine !== turn) return;
      scene = Object.assign(wanted, { values });
      if (segments && !layers.segments.getLayers().length) layers.segments.addData(segments);
      if (shapes || !wanted.shapes) layers.shapes.clearLayers();
      if (shapes) layers.shapes.addData(shapes);
      shownShapes = wanted.shapes;
      layers.points.clearLayers().addData({
        type: "FeatureCollection",
        features: scene.points.map(({ lat, lon, ...properties }) => ({
          type: "Feature", properties, geometry: { type: "Point", coordinates: [lon, lat] },
        })),
      });
      layers.grids.options.style = gridStyle;
      for (const [name, style] of [["grids", gridStyle], ["streets", streetStyle], ["segments", segmentStyle], ["shapes", shapeStyle]]) {
        layers[name].setStyle(style);
      }
      layers.grids.eachLayer((layer) => {
        if (layer.feature.properties.grid_id === scene.selected) layer.bringToFront();
      });
      for (const name of ["water", "streets", "segments", "shapes", "points"]) layers[name].bringToFront();
      follow(scene.sync);
      if (scene.fit.length && scene.fit_request !== fitted) {
        const [south, west, north, east] = scene.fit;
        map.fitBounds([[south, west], [north, east]], { padding: [16, 16], animate: false });
      }
      fitted = scene.fit_request;
      window.oneMap.painted += 1;
    });
  }

  const once = (address) => (fetched[address] = fetched[address] || get(address));

  // Maps of one name on a page show the same place.
  function follow(name) {
    if ((channel ? channel.name : "") === (name ? "map-" + name : "")) return;
    if (channel) channel.close();
    channel = name ? new BroadcastChannel("map-" + name) : null;
    if (channel) {
      channel.onmessage = ({ data: [centre, zoom] }) => {
        isFollowing = true;
        map.setView(centre, zoom, { animate: false });
      };
    }
  }

  function addSaveButton() {
    const control = L.control({ position: "topright" });
    control.onAdd = () => {
      const button = document.createElement("button");
      button.textContent = "存为图片";
      button.title = "把地图连同图例存成 PNG";
      button.style.cssText = "font:13px " + FONT + ";padding:4px 8px;background:#fff;border:1px solid #9aa3af;border-radius:4px;cursor:pointer";
      button.onclick = save;
      L.DomEvent.disableClickPropagation(button);
      return button;
    };
    control.addTo(map);
  }

  // The picture holds what the map holds, with its title above and its legend below.
  function picture() {
    const size = map.getSize(), scale = 2, head = scene.title ? 44 : 0;
    const canvas = document.createElement("canvas");
    const pen = canvas.getContext("2d");
    const items = placeLegend(pen, size.x);
    const foot = items.length ? items[items.length - 1].y + 28 : 0;
    canvas.width = size.x * scale;
    canvas.height = (size.y + head + foot) * scale;
    pen.scale(scale, scale);
    pen.fillStyle = "#ffffff";
    pen.fillRect(0, 0, size.x, size.y + head + foot);
    pen.fillStyle = "#111827";
    pen.textBaseline = "middle";
    pen.font = "bold 20px " + FONT;
    pen.fillText(scene.title, 12, head / 2);
    pen.save();
    pen.beginPath();
    pen.rect(0, head, size.x, size.y);
    pen.clip();
    const frame = map.getContainer().getBoundingClientRect();
    for (const drawn of map.getPane("overlayPane").querySelectorAll("canvas")) {
      const at = drawn.getBoundingClientRect();
      pen.drawImage(drawn, at.left - frame.left, at.top - frame.top + head, at.width, at.height);
    }
    pen.restore();
    pen.font = "14px " + FONT;
    for (const { x, y, colour, text } of items) {
      pen.fillStyle = colour;
      pen.fillRect(x, size.y + head + y, 18, 14);
      pen.strokeStyle = "#4b5563";
      pen.strokeRect(x, size.y + head + y, 18, 14);
      pen.fillStyle = "#111827";
      pen.fillText(text, x + 24, size.y + head + y + 7);
    }
    return canvas;
  }

  // Where the items of the legend stand below the map, in rows no wider than it.
  function placeLegend(pen, width) {
    let x = 12, y = 13;
    pen.font = "14px " + FONT;
    return scene.legend.map(([colour, text]) => {
      const needed = 40 + pen.measureText(text).width;
      if (x > 12 && x + needed > width) [x, y] = [12, y + 26];
      const item = { x, y, colour, text };
      x += needed;
      return item;
    });
  }

  function save() {
    picture().toBlob((blob) => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(blob);
      link.download = (scene.title || "地图") + ".png";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }

  return { base, paint, picture, painted: 0, isReady: () => ready };
})();
