// The pages work without this file. It remembers a chosen theme and moves the focus to a list of problems.
(() => {
  const root = document.documentElement;
  const stored = localStorage.getItem("theme");
  if (stored) root.dataset.theme = stored;

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("[data-focus]")?.focus();
    const button = document.querySelector("[data-theme-switch]");
    if (!button) return;
    const system = matchMedia("(prefers-color-scheme: dark)");
    const isDark = () => (root.dataset.theme || (system.matches ? "dark" : "light")) === "dark";
    const name = () => { button.textContent = isDark() ? "Use light colours" : "Use dark colours"; };
    button.hidden = false;
    name();
    system.addEventListener("change", name);
    button.addEventListener("click", () => {
      root.dataset.theme = isDark() ? "light" : "dark";
      localStorage.setItem("theme", root.dataset.theme);
      name();
    });
  });
})();
