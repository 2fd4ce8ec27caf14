// Keeps the page up to date: after each event, fetches it again and takes over what has changed.
"use strict";

const posts = document.getElementById("posts");
const events = new EventSource("/sandbox/live");
let pending = 0;

// Several events in a row cost one request.
function refreshSoon() {
  clearTimeout(pending);
  pending = setTimeout(refresh, 150);
}

async function refresh() {
  const answer = await fetch("/", { headers: { accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  document.title = fresh.title;
  // The live region itself stays: a screen reader follows the element it knows.
  document.getElementById("progress").innerHTML = fresh.getElementById("progress").innerHTML;
  const wanted = [...fresh.getElementById("posts").children];
  for (const old of [...posts.children]) {
    if (!old.id || !fresh.getElementById(old.id)) old.remove();
  }
  wanted.forEach((article, index) => {
    const old = article.id && document.getElementById(article.id);
    if (!old) {
      posts.insertBefore(article, posts.children[index] ?? null);
    } else if (old.dataset.version !== article.dataset.version) {
      update(old, article);
    }
  });
}

// Only the named parts are swapped, so a clip that is playing goes on playing.
function update(old, article) {
  const figures = (node) => [...node.querySelectorAll("figure")].map((figure) => figure.id).join();
  if (figures(old) !== figures(article)) {
    old.replaceWith(article);
    return;
  }
  old.dataset.version = article.dataset.version;
  for (const part of article.querySelectorAll("[data-part]")) {
    const former = document.getElementById(part.id);
    if (former.outerHTML === part.outerHTML) continue;
    former.replaceWith(part);
    if (part.matches("figcaption")) part.classList.add("fresh");
  }
}

for (const name of ["update", "status.update", "delete"]) events.addEventListener(name, refreshSoon);
// After a lost connection, something may have been missed.
events.addEventListener("open", refreshSoon);
