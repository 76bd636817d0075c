// The grid map: what is drawn once (base) and what changes with the data (paint).
// Text from files only ever enters the page as text nodes.
window.oneMap = (function () {
  const streetWidths = { expressway: 2.4, main: 2.4, secondary: 1.6, branch: 1 };
  let grids, water, streets, borders, values = {}, ready = false;

  // Grids, water and streets are fetched by URL and drawn in this order, whichever arrives first.
  // Layers must exist before the data comes: only layers present at the start report clicks.
  function base(map, url) {
    map.getContainer().style.background = "#f4f6f8";
    L.control.scale({ imperial: false }).addTo(map);
    const still = (style) => L.geoJson(null, { interactive: false, style }).addTo(map);
    grids = L.geoJson(null, { style: gridStyle({}, {}, "") }).addTo(map);
    water = still({ stroke: false, fillColor: "#9ec9e2", fillOpacity: 0.9 });
    streets = still((street) => ({
      color: "#374151", opacity: 0.45, weight: streetWidths[street.properties.road_class] || 0.6,
    }));
    // 责任重叠 and 责任空白 may be a metre wide: the stroke makes them visible at any zoom.
    borders = L.geoJson(null, {
      interactive: false,
      style: (fault) => ({ color: fault.properties.kind === "overlap" ? "#c2185b" : "#1f3fbf", weight: 3 }),
    });
    grids.bindTooltip((layer) => {
      const { grid_id, grid_name } = layer.feature.properties;
      const text = document.createElement("span");
      text.textContent = values[grid_id] ? grid_name + "：" + values[grid_id][1] : grid_name;
      return text;
    }, { sticky: true });
    const get = (name) => fetch(url + "/" + name + ".json").then((answer) => answer.json());
    const names = ["grids", "water", "streets", "borders"];
    Promise.all(names.map(get)).then((all) => {
      grids.addData(all[0]);
      water.addData(all[1]);
      streets.addData(all[2]);
      borders.addData(all[3]);
      if (all[3].features.length) {
        const overlay = { "交界地带：责任重叠（红）、责任空白（蓝）": borders };
        L.control.layers(null, overlay, { collapsed: false }).addTo(map);
      }
      ready = true;
    });
  }

  const gridStyle = (chosenValues, colours, selected) => (grid) => {
    const id = grid.properties.grid_id;
    const value = chosenValues[id];
    if (!value) return { stroke: false, fill: false }; // not in force in the period
    const isSelected = id === selected;
    return {
      stroke: true,
      fill: true,
      fillColor: colours[value[0]],
      fillOpacity: 0.75,
      color: isSelected ? "#0b3c5d" : "#4b5563",
      weight: isSelected ? 5 : 1,
    };
  };

  // newValues: grid id -> [key of colours, text of the tooltip]; selected: grid id or "".
  function paint(newValues, colours, selected) {
    if (!ready) {
      setTimeout(() => paint(newValues, colours, selected), 50);
      return;
    }
    values = newValues;
    grids.options.style = gridStyle(values, colours, selected);
    grids.setStyle(grids.options.style);
    grids.eachLayer((layer) => {
      if (layer.feature.properties.grid_id === selected) layer.bringToFront();
    });
    water.bringToFront();
    streets.bringToFront();
  }

  return { base, paint, isReady: () => ready };
})();
