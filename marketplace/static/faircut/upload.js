// The upload form works without this file. It takes a dropped file, shows how far an upload is and lets it be cancelled.
document.addEventListener("DOMContentLoaded", () => {
  const main = document.querySelector("main");

  const bytes = (number) => (number < 1e6 ? `${Math.ceil(number / 1e3)} KB` : `${(number / 1e6).toFixed(1)} MB`);

  // A refused file comes back as the whole page with its problems: its main part takes the place of this one.
  const show = (html) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    main.replaceChildren(...page.querySelector("main").childNodes);
    main.querySelectorAll("form[data-upload]").forEach(enhance);
    (main.querySelector("[data-focus]") || main).focus();
    scrollTo(0, 0);
  };

  const say = (form, text) => {
    form.querySelector("[data-upload-failed]")?.remove();
    const notice = document.createElement("p");
    notice.className = "notice notice-danger";
    notice.setAttribute("role", "alert");
    notice.dataset.uploadFailed = "";
    notice.textContent = text;
    form.prepend(notice);
  };

  const send = (form, file) => {
    const progress = form.querySelector("[data-upload-progress]");
    const words = progress.querySelector("[data-upload-words]");
    const bar = progress.querySelector("progress");
    const button = form.querySelector("button[type=submit]");
    const request = new XMLHttpRequest();
    const end = () => { progress.hidden = true; button.disabled = false; };
    let told = -1;

    request.open("POST", form.action);
    request.setRequestHeader("X-Requested-With", "XMLHttpRequest");
    request.upload.addEventListener("progress", (event) => {
      const percent = Math.floor((100 * event.loaded) / event.total);
      bar.value = percent;
      // Said in steps, or a screen reader would read every packet.
      if (percent - told >= 10) { told = percent; words.textContent = `Uploading ${file.name}: ${percent} % of ${bytes(file.size)}`; }
    });
    request.upload.addEventListener("load", () => {
      bar.removeAttribute("value");
      words.textContent = `Reading and checking ${file.name}`;
    });
    request.addEventListener("load", () => {
      if (request.status === 201) { location.assign(JSON.parse(request.responseText).location); return; }
      end();
      if (request.responseText.includes("<main")) show(request.responseText);
      else say(form, "The site did not take the file. Reload the page and upload it again.");
    });
    request.addEventListener("error", () => { end(); say(form, "The connection broke. Nothing was stored; upload the file again."); });
    request.addEventListener("abort", () => { end(); say(form, "Cancelled. Nothing was stored."); button.focus(); });
    progress.querySelector("[data-upload-cancel]").onclick = () => request.abort();

    button.disabled = true;
    progress.hidden = false;
    words.textContent = `Uploading ${file.name}`;
    request.send(new FormData(form));
  };

  const enhance = (form) => {
    const input = form.querySelector("input[type=file]");
    const field = input.closest(".field");
    field.classList.add("drop");
    const hint = document.createElement("p");
    hint.className = "drop-hint";
    hint.textContent = "Or drop it here.";
    field.append(hint);

    // The whole form is the target, so that a file dropped beside the frame does not open in the browser.
    form.addEventListener("dragover", (event) => { event.preventDefault(); field.classList.add("drop-over"); });
    form.addEventListener("dragleave", () => field.classList.remove("drop-over"));
    form.addEventListener("drop", (event) => {
      event.preventDefault();
      field.classList.remove("drop-over");
      if (event.dataTransfer.files.length) input.files = event.dataTransfer.files;
    });
    form.addEventListener("submit", (event) => {
      if (!input.files.length) return;
      event.preventDefault();
      send(form, input.files[0]);
    });
  };

  document.querySelectorAll("form[data-upload]").forEach(enhance);
});
