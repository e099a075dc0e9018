// The page is complete without this. With it, a table marked data-refresh is fetched anew while nobody types in it.
const table = document.querySelector("[data-refresh]");
if (table) {
  setInterval(async () => {
    if (document.hidden || table.querySelector("details[open]")) return;
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("[data-refresh] tbody");
    const old = table.querySelector("tbody");
    if (fresh && old.innerHTML !== fresh.innerHTML) old.replaceWith(fresh);
  }, Number(table.dataset.refresh) * 1000);
}
