// The pages work without this file. It remembers a chosen theme, moves the focus to a list of problems, and unfolds.
(() => {
  const root = document.documentElement;
  const stored = localStorage.getItem("theme");
  if (stored) root.dataset.theme = stored;

  // A long report folds for a narrow window alone; a link into a part opens it everywhere.
  const openTarget = () => document.getElementById(location.hash.slice(1))?.closest("details")?.setAttribute("open", "");
  const unfold = () => {
    if (matchMedia("(min-width: 62rem)").matches) {
      for (const part of document.querySelectorAll("[data-open-wide]")) part.open = true;
      document.querySelector("[data-when-folded]")?.remove();
    }
    openTarget();
    addEventListener("hashchange", openTarget);
  };

  document.addEventListener("DOMContentLoaded", () => {
    document.querySelector("[data-focus]")?.focus();
    unfold();
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
