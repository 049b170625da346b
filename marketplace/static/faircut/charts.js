// Charts are pictures until they come into view; then plotly.js draws them from the numbers beside them. Whatever goes
// wrong here leaves the picture. Colours are names of our custom properties, read anew when the theme changes.
(() => {
  const root = document.documentElement;
  const drawn = new Set();
  const NARROW = 480;
  const LINE = 18;
  const LINE_HEIGHT = 16;
  // No mode bar: its one quiet button, a PNG, needs blob: addresses, which our policy does not allow.
  const settings = { displayModeBar: false, responsive: true };
  let loading = null;

  // plotly.js would write its rules into <style> elements, which our policy forbids. It leaves that be where it finds
  // elements of these ids: our own copy of its rules, and an empty stand-in for those of maps, which we never draw
  // (docs/adr/0007).
  const stylesheet = (href) => new Promise((resolve, reject) => {
    const maps = document.createElement("meta");
    maps.id = "9f215cf04c5486422605d13261cb87401f4e7763b6296af81e98efbc0130da53";
    const link = Object.assign(document.createElement("link"), { id: "plotly.js-style-global", className: "no-inline-styles", rel: "stylesheet", href, onload: resolve, onerror: reject });
    document.head.append(maps, link);
  });
  const script = (src) => new Promise((resolve, reject) => {
    document.head.append(Object.assign(document.createElement("script"), { src, onload: resolve, onerror: reject }));
  });
  const load = (figure) => {
    loading ??= stylesheet(figure.dataset.plotlyCss).then(() => script(figure.dataset.plotly));
    return loading;
  };

  const colourOf = (name) => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  };
  const coloured = (part, known) => {
    if (typeof part === "string" && part.startsWith("--")) return known[part] ??= colourOf(part);
    if (Array.isArray(part)) return part.map((each) => coloured(each, known));
    if (part === null || typeof part !== "object") return part;
    return Object.fromEntries(Object.entries(part).map(([key, each]) => [key, coloured(each, known)]));
  };

  // Words in lines that fit beside the names of a narrow window.
  const inLines = (text) => text.split(" ").reduce((lines, word) => {
    const longer = `${lines.at(-1)} ${word}`.trim();
    return longer.length > LINE ? [...lines, word] : [...lines.slice(0, -1), longer];
  }, [""]).join("<br>");
  const draw = async (figure) => {
    const { data, layout } = coloured(JSON.parse(figure.querySelector("script[type='application/json']").textContent), {});
    layout.font.family = getComputedStyle(document.body).fontFamily;
    const live = figure.querySelector(".chart-live");
    live.hidden = false;
    figure.classList.add("chart-drawn");
    live.parentElement.removeAttribute("tabindex");  // only the wide picture scrolls
    if (live.clientWidth < NARROW) {
      layout.font.size = 12;
      for (const trace of data.filter(({ mode }) => mode === "markers+text")) {
        trace.mode = "markers";
        layout.showlegend = true;
      }
      Object.assign(layout.xaxis, { nticks: 4, tickangle: 0 });
      for (const { title } of [layout.xaxis, layout.yaxis]) title.text = inLines(title.text);
      layout.height += LINE_HEIGHT * (layout.xaxis.title.text.split("<br>").length - 1);
    }
    try {
      await globalThis.Plotly.react(live, data, layout, settings);
      drawn.add(figure);
    } catch (error) {
      live.hidden = true;
      figure.classList.remove("chart-drawn");
      console.warn("A chart stays a picture:", error);
    }
  };
  const seen = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      load(target).then(() => draw(target)).catch((error) => console.warn("Charts stay pictures:", error));
    }
  }, { rootMargin: "200px" });
  const watch = (part) => part.querySelectorAll("[data-chart]").forEach((figure) => seen.observe(figure));
  const redraw = () => drawn.forEach((figure) => (figure.isConnected ? draw(figure) : drawn.delete(figure)));

  watch(document);
  document.addEventListener("htmx:load", (event) => watch(event.detail.elt.parentElement ?? event.detail.elt));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  new MutationObserver(redraw).observe(root, { attributeFilter: ["data-theme"] });
})();
